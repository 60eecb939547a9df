import { assertEquals } from "@std/assert";
import { createPool, fill } from "./support.ts";

Deno.test("ConnPool.wanted counts what is missing, less what is being opened", () => {
  const pool = createPool({ warm: 3 });

  assertEquals(pool.wanted, 3);
  pool.dialStarted();
  pool.dialStarted();
  assertEquals(pool.wanted, 1);
  pool.dialEnded();
  fill(pool, 1);
  assertEquals(pool.wanted, 1);
  pool.dialEnded();
  assertEquals(pool.wanted, 2);
  fill(pool, 5);

  assertEquals(pool.wanted, 0);
});

Deno.test("ConnPool.wanted rises when a warm connection is taken, dies or is swept", () => {
  const pool = createPool({ warm: 3, idleTimeoutMs: 100 });
  const conns = fill(pool, 3);

  pool.take(0);
  assertEquals(pool.wanted, 1);
  pool.remove(conns[0]!);
  assertEquals(pool.wanted, 2);
  pool.sweep(100);

  assertEquals(pool.wanted, 3);
});

Deno.test("ConnPool.wanted never asks for more than may be kept", () => {
  const pool = createPool({ warm: 10, maxIdle: 2 });

  assertEquals(pool.wanted, 2);
  fill(pool, 2);

  assertEquals(pool.wanted, 0);
});

Deno.test("ConnPool.dialEnded() too often asks for nothing extra", () => {
  const pool = createPool({ warm: 1 });

  pool.dialEnded();

  assertEquals(pool.wanted, 1);
});
