import { assertEquals } from "@std/assert";
import { RequestPool } from "../../lib/simulate/request_pool.ts";

Deno.test("RequestPool hands out each slot once until it is given back", () => {
  const pool = new RequestPool();
  const slots = Array.from({ length: 5000 }, () => pool.take());
  assertEquals(new Set(slots).size, 5000);
  assertEquals(pool.size, 5000);

  for (const slot of slots.slice(0, 3000)) pool.give(slot);
  const again = Array.from({ length: 3000 }, () => pool.take());

  assertEquals(new Set(again), new Set(slots.slice(0, 3000)));
  assertEquals(pool.size, 5000);
});

Deno.test("RequestPool keeps what requests carry when it grows", () => {
  const pool = new RequestPool();
  for (let count = 0; count < 5000; count++) {
    const slot = pool.take();
    pool.arrivedMs[slot] = count + 0.5;
    pool.key[slot] = 2 ** 31 + count;
    pool.retries[slot] = count % 7;
  }

  const kept = [0, 1023, 1024, 4999].map((slot) => {
    return [pool.arrivedMs[slot], pool.key[slot], pool.retries[slot]];
  });
  assertEquals(kept, [0, 1023, 1024, 4999].map((n) => [n + 0.5, 2 ** 31 + n, n % 7]));
});

Deno.test("RequestPool.give() forgets what was tried", () => {
  const pool = new RequestPool();
  const slot = pool.take();
  pool.tried[slot] = new Set();

  pool.give(slot);

  assertEquals(pool.tried[pool.take()], undefined);
});
