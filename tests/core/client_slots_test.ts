import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { clientKey, ClientSlots } from "../../lib/core/client_slots.ts";

const SHAPE = { workers: 2, maxConnections: 100 };

Deno.test("ClientSlots.tryTake() counts each client by itself, over all threads", () => {
  const slots = ClientSlots.create(SHAPE, 7);
  const [one, other] = [clientKey("192.0.2.1")!, clientKey("192.0.2.2")!];

  assertEquals([0, 1, 0].map((worker) => slots.tryTake(worker, one, 2)), [
    "taken",
    "taken",
    "over",
  ]);
  assertEquals(slots.tryTake(0, other, 2), "taken");
  slots.give(1, one);

  assertEquals([slots.taken(one), slots.taken(other)], [1, 1]);
  assertEquals(slots.tryTake(0, one, 2), "taken");
});

Deno.test("clientKey() takes an IPv6 /64, and an IPv4 address however it is written, for one", () => {
  const same = (a: string, b: string) => {
    const [one, other] = [clientKey(a), clientKey(b)];
    return one?.high === other?.high && one?.low === other?.low;
  };

  assert(same("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"));
  assert(!same("2001:db8:1:2::1", "2001:db8:1:3::1"));
  assert(!same("2001:db8:1:2::1", "2001:db9:1:2::1"));
  assert(same("fe80::1%eth0", "fe80::2"));
  assert(same("192.0.2.1", "::ffff:192.0.2.1"));
  assert(!same("192.0.2.1", "192.0.2.2"));
  assert(!same("0.0.0.1", "::1"));
  assertEquals(clientKey("/run/weir.sock"), undefined);
});

Deno.test("ClientSlots.forgetWorker() gives back what that worker held, locks too", () => {
  const slots = ClientSlots.create(SHAPE, 7);
  const client = clientKey("2001:db8::1")!;
  slots.tryTake(0, client, 9);
  slots.tryTake(1, client, 9);
  // As a thread leaves it that dies between taking and giving back: all its locks are held.
  const cells = new Int32Array(slots.buffer);
  const bucketCells = 1 + 16 * (2 + SHAPE.workers);
  for (let lock = 1; lock < cells.length; lock += bucketCells) cells[lock] = 2;

  slots.forgetWorker(1);

  assertEquals(slots.taken(client), 1);
  assertEquals(slots.tryTake(0, client, 2), "taken");
});

Deno.test("ClientSlots in a flood of addresses refuses few, counts all others and forgets them", () => {
  const slots = ClientSlots.create({ workers: 2, maxConnections: 5000 }, 12345);
  const { byteLength } = slots.buffer;
  const flood = Array.from({ length: 5000 }, (_, i) => ({ high: 0x2001_0db8, low: i * 7919 }));

  const held = flood.filter((client) => slots.tryTake(0, client, 1) === "taken");

  assertGreater(held.length, 0.99 * flood.length);
  for (const client of held) assertEquals(slots.tryTake(1, client, 1), "over");
  for (const client of held) slots.give(0, client);
  assertEquals(flood.reduce((sum, client) => sum + slots.taken(client), 0), 0);
  assertEquals(slots.buffer.byteLength, byteLength);
});

Deno.test("ClientSlots with every entry of a bucket taken says so, and counts whom it knows", () => {
  const slots = ClientSlots.create({ workers: 1, maxConnections: 1 }, 1);
  const clients = Array.from({ length: 100 }, (_, low) => ({ high: -1, low }));

  const results = clients.map((client) => slots.tryTake(0, client, 2));

  assertEquals(results.filter((result) => result === "taken").length, 32);
  assertEquals(results.filter((result) => result === "no_room").length, 68);
  const known = clients[results.indexOf("taken")]!;
  assertEquals([slots.tryTake(0, known, 2), slots.tryTake(0, known, 2)], ["taken", "over"]);
});

Deno.test("ClientSlots.tryTake() costs less than a few microseconds", () => {
  const slots = ClientSlots.create({ workers: 8, maxConnections: 10_000 }, 1);
  const startMs = performance.now();

  for (let low = 0; low < 20_000; low++) {
    const client = { high: -1, low: low % 5000 };
    if (slots.tryTake(3, client, 1) === "taken") slots.give(3, client);
  }

  assertLess((performance.now() - startMs) / 20_000, 0.1);
});
