import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { closedNames, createPool, drainNames, FakeConn, fill } from "./support.ts";

Deno.test("ConnPool.take() of an empty pool is undefined", () => {
  const pool = createPool();

  assertEquals(pool.take(0), undefined);
  assertEquals(pool.size, 0);
});

Deno.test("ConnPool.take() hands out the newest first", () => {
  const pool = createPool();
  fill(pool, 3);

  assertEquals(drainNames(pool), ["c2", "c1", "c0"]);
  assertEquals(pool.size, 0);
});

Deno.test("ConnPool.take() hands a connection out only once", () => {
  const pool = createPool();
  const [conn] = fill(pool, 1);

  assertStrictEquals(pool.take(0), conn);
  assertEquals(pool.take(0), undefined);
});

Deno.test("ConnPool.take() closes what idled too long and hands out what did not", () => {
  const pool = createPool({ idleTimeoutMs: 100 });
  const [old] = fill(pool, 1, 0);
  const [young] = fill(pool, 1, 50);

  assertStrictEquals(pool.take(149), young);
  assertEquals(pool.take(149), undefined);

  assertEquals([old!.closes, young!.closes, pool.size], [1, 0, 0]);
});

Deno.test("ConnPool.take() hands out just before the idle timeout and not at it", () => {
  const pool = createPool({ idleTimeoutMs: 100 });
  const [conn] = fill(pool, 1, 1000);

  assertStrictEquals(pool.take(1099), conn);
  pool.give(conn!, 2000);

  assertEquals(pool.take(2100), undefined);
  assertEquals(conn!.closes, 1);
});

Deno.test("ConnPool.take() goes by the last time a connection went idle", () => {
  const pool = createPool({ idleTimeoutMs: 100 });
  const [conn] = fill(pool, 1, 0);

  for (const nowMs of [90, 180, 270]) {
    assertStrictEquals(pool.take(nowMs), conn);
    pool.give(conn!, nowMs);
  }

  assertEquals(pool.size, 1);
});

Deno.test("ConnPool.take() skips those beyond their lifetime, wherever they are", () => {
  const pool = createPool({ maxLifetimeMs: 1000 });
  const conns = [0, 500, 100].map((bornMs) => new FakeConn(`born ${bornMs}`, bornMs));
  for (const conn of conns) pool.give(conn, 600);

  assertEquals(pool.take(1200)?.name, "born 500");

  assertEquals(closedNames(conns), ["born 100"]);
  assertEquals(pool.take(1200), undefined);
  assertEquals(closedNames(conns), ["born 0", "born 100"]);
});

Deno.test("ConnPool.take() never hands out one that is not usable", () => {
  const pool = createPool();
  const [healthy, dead] = fill(pool, 2);
  dead!.usable = false;

  assertStrictEquals(pool.take(0), healthy);
  assertEquals(dead!.closes, 1);
});

Deno.test("ConnPool.give() closes what is over maxIdle", () => {
  const pool = createPool({ maxIdle: 2 });

  const conns = fill(pool, 3);

  assertEquals(closedNames(conns), ["c2"]);
  assertEquals(pool.size, 2);
  pool.take(0);
  assertEquals(pool.give(new FakeConn("next"), 0), true);
});

Deno.test("ConnPool.give() keeps nothing when maxIdle is 0", () => {
  const pool = createPool({ maxIdle: 0 });
  const conn = new FakeConn("c");

  assertEquals(pool.give(conn, 0), false);
  assertEquals([conn.closes, pool.size], [1, 0]);
});

Deno.test("ConnPool.give() closes what has reached its lifetime", () => {
  const pool = createPool({ maxLifetimeMs: 1000 });
  const conn = new FakeConn("c", 500);

  assertEquals(pool.give(conn, 1499), true);
  assertStrictEquals(pool.take(1499), conn);
  assertEquals(pool.give(conn, 1500), false);

  assertEquals([conn.closes, pool.size], [1, 0]);
});

Deno.test("ConnPool.give() closes what is not usable", () => {
  const pool = createPool();
  const conn = new FakeConn("c");
  conn.usable = false;

  assertEquals(pool.give(conn, 0), false);
  assertEquals([conn.closes, pool.size], [1, 0]);
});

Deno.test("ConnPool.give() refuses one that is idle already, in this pool or another", () => {
  const pool = createPool();
  const [conn] = fill(pool, 2);

  assertThrows(() => pool.give(conn!, 0), RangeError, "it is on one already");
  assertThrows(() => createPool().give(conn!, 0), RangeError, "it is on one already");

  assertEquals(drainNames(pool), ["c1", "c0"]);
});

for (const victim of [0, 1, 2, 3]) {
  Deno.test(`ConnPool.remove() takes out c${victim} and leaves the others in order`, () => {
    const pool = createPool();
    const conns = fill(pool, 4);

    assertEquals(pool.remove(conns[victim]!), true);
    assertEquals(pool.remove(conns[victim]!), false);

    assertEquals(pool.size, 3);
    const left = ["c3", "c2", "c1", "c0"].filter((name) => name !== `c${victim}`);
    assertEquals(drainNames(pool), left);
    assertEquals(closedNames(conns), []);
  });
}

Deno.test("ConnPool.give() puts one that was removed from the middle on top", () => {
  const pool = createPool();
  const conns = fill(pool, 3);
  pool.remove(conns[1]!);

  pool.give(conns[1]!, 0);

  assertStrictEquals(pool.take(0), conns[1]);
  assertStrictEquals(pool.take(0), conns[2]);
  assertStrictEquals(pool.take(0), conns[0]);
  assertEquals([pool.take(0), pool.size], [undefined, 0]);
});

Deno.test("ConnPool.remove() does not mind a connection that is in use or in another pool", () => {
  const pool = createPool();
  const other = createPool();
  const [elsewhere] = fill(other, 1);
  fill(pool, 1);
  const used = pool.take(0)!;

  assertEquals([pool.remove(used), pool.remove(elsewhere!)], [false, false]);
  assertEquals([pool.size, other.size], [0, 1]);
});

Deno.test("ConnPool.sweep() closes what is beyond a timeout, idle longest first", () => {
  const pool = createPool({ idleTimeoutMs: 100 });
  const closed: string[] = [];
  for (const [index, nowMs] of [0, 10, 20, 90].entries()) {
    const conn = new FakeConn(`c${index}`, 0);
    conn.onClose = () => closed.push(conn.name);
    pool.give(conn, nowMs);
  }

  assertEquals(pool.sweep(99), 0);
  assertEquals(pool.sweep(120), 3);

  assertEquals(closed, ["c0", "c1", "c2"]);
  assertEquals(drainNames(pool, 120), ["c3"]);
});

Deno.test("ConnPool.sweep() finds those beyond their lifetime between younger ones", () => {
  const pool = createPool({ maxLifetimeMs: 1000 });
  const conns = [500, 0, 600, 10, 700].map((bornMs) => new FakeConn(`born ${bornMs}`, bornMs));
  for (const conn of conns) pool.give(conn, 800);

  assertEquals(pool.sweep(1010), 2);

  assertEquals(closedNames(conns), ["born 0", "born 10"]);
  assertEquals(drainNames(pool, 1010), ["born 700", "born 600", "born 500"]);
});

Deno.test("ConnPool.sweep() closes half of a large pool at once, and all of it in the end", () => {
  const pool = createPool({ idleTimeoutMs: 100 });
  const conns = fill(pool, 100);

  const closed = Array.from({ length: 6 }, () => pool.sweep(100));

  assertEquals(closed, [50, 25, 16, 9, 0, 0]);
  assert(conns.every((conn) => conn.closes === 1));
});

Deno.test("ConnPool.take() hands out nothing that a sweep has left for later", () => {
  const pool = createPool({ idleTimeoutMs: 100 });
  const conns = fill(pool, 100);
  pool.sweep(100);

  assertEquals(pool.take(100), undefined);

  assert(conns.every((conn) => conn.closes === 1));
  assertEquals(pool.size, 0);
});

Deno.test("ConnPool stands close() calling it back", () => {
  for (const act of ["take", "sweep", "clear"] as const) {
    const pool = createPool({ idleTimeoutMs: 100 });
    const conns = fill(pool, 3);
    for (const conn of conns) {
      conn.onClose = () => {
        // An owner that cleans up after the one that ended, and after another.
        pool.remove(conn);
        pool.remove(conns[1]!);
      };
    }

    pool[act](100);
    pool.clear();

    assertEquals(pool.size, 0, act);
    assertEquals([conns[0]!.closes, conns[2]!.closes], [1, 1], act);
  }
});

Deno.test("ConnPool.clear() closes what is idle and goes on", () => {
  const pool = createPool();
  const conns = fill(pool, 3);
  const used = pool.take(0)!;

  pool.clear();

  assertEquals(conns.map((conn) => conn.closes), [1, 1, 0]);
  assertEquals(pool.give(used, 0), true);
  assertEquals([pool.closed, pool.size], [false, 1]);
});

Deno.test("ConnPool.closeAll() closes what is idle and whatever comes back later", () => {
  const pool = createPool({ warm: 5 });
  const conns = fill(pool, 3);
  const used = pool.take(0)!;

  pool.closeAll();
  pool.closeAll();
  assertEquals(conns.map((conn) => conn.closes), [1, 1, 0]);

  assertEquals(pool.give(used, 0), false);
  assertEquals([used.closes, pool.size, pool.wanted], [1, 0, 0]);
  assertEquals(pool.take(0), undefined);
});

Deno.test("ConnPool tells of each connection that becomes idle or is no more", () => {
  let idle = 0;
  const pool = createPool({ idleTimeoutMs: 100, onIdle: (by) => idle += by });
  const seen: number[][] = [];
  const look = () => seen.push([idle, pool.size]);

  const [first] = fill(pool, 5);
  look();
  pool.take(0);
  pool.remove(first!);
  pool.remove(first!);
  look();
  pool.sweep(1e9);
  look();
  fill(pool, 2);
  pool.closeAll();
  fill(pool, 1);
  look();

  assertEquals(seen, [[5, 5], [3, 3], [0, 0], [0, 0]]);
});
