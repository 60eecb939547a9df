import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { oneOf, seededRandom } from "../support/seeded_random.ts";
import { createPool, FakeConn } from "./support.ts";

Deno.test("ConnPool does as a plain list does over 20,000 random steps", () => {
  const random = seededRandom(3);
  const pool = createPool({ maxIdle: 8, idleTimeoutMs: 40, maxLifetimeMs: 200 });
  const used: FakeConn[] = [];
  const everMade: FakeConn[] = [];
  let model: { conn: FakeConn; sinceMs: number }[] = [];
  const isLive = (item: { conn: FakeConn; sinceMs: number }, nowMs: number) =>
    nowMs - item.sinceMs < 40 && nowMs - item.conn.idle.bornMs < 200;

  for (let nowMs = 0; nowMs < 20_000; nowMs++) {
    const step = oneOf(random, ["make", "give", "give", "take", "remove", "sweep"]);
    if (step === "make") {
      const conn = new FakeConn(`c${nowMs}`, nowMs);
      used.push(conn);
      everMade.push(conn);
    } else if (step === "give" && used.length > 0) {
      const conn = used.splice(Math.floor(random() * used.length), 1)[0]!;
      const kept = model.length < 8 && nowMs - conn.idle.bornMs < 200;
      if (kept) model.push({ conn, sinceMs: nowMs });
      assertEquals(pool.give(conn, nowMs), kept);
    } else if (step === "take") {
      let expected: FakeConn | undefined;
      while (expected === undefined && model.length > 0) {
        const item = model.pop()!;
        if (isLive(item, nowMs)) expected = item.conn;
      }
      const conn = pool.take(nowMs);
      assertStrictEquals(conn, expected);
      if (conn !== undefined) used.push(conn);
    } else if (step === "remove" && model.length > 0) {
      const { conn } = oneOf(random, model);
      model = model.filter((item) => item.conn !== conn);
      assertEquals(pool.remove(conn), true);
      conn.close();
    } else if (step === "sweep") {
      model = model.filter((item) => isLive(item, nowMs));
      pool.sweep(nowMs);
    }
    assertEquals(pool.size, model.length);
  }

  pool.closeAll();
  const leaked = everMade.filter((conn) => conn.closes === 0 && !used.includes(conn));
  assertEquals(leaked, []);
  assert(everMade.every((conn) => conn.closes <= 1), "a connection was closed twice");
  assert(used.every((conn) => conn.closes === 0), "a connection in use was closed");
});
