import { assert, assertEquals } from "@std/assert";
import { BufferPool } from "../../lib/net/buffers.ts";
import { writeGrowing } from "../../lib/proxy/head_buffer.ts";
import { ReplayStore } from "../../lib/proxy/replay_store.ts";
import { bytesOf, textOf } from "../support/memory_http.ts";

const text = (store: ReplayStore) => store.chunks.map(textOf).join("|");

Deno.test("ReplayStore keeps its own copy of what was added", () => {
  const store = new ReplayStore(100);
  const bytes = bytesOf("abcdef");

  assertEquals([store.add(bytes, 1, 3), store.add(bytes, 3, 6)], [2, 5]);
  bytes.fill(0);

  assertEquals([text(store), store.complete], ["bc|def", true]);
});

Deno.test("ReplayStore keeps as many bytes as it may, and nothing of a longer body", () => {
  const store = new ReplayStore(4);
  const bytes = bytesOf("abcd");
  store.add(bytes, 0, 4);
  assertEquals([text(store), store.complete], ["abcd", true]);

  assertEquals(store.add(bytes, 0, 1), 5);
  assertEquals([text(store), store.complete], ["", false]);
  store.add(bytes, 0, 1);

  assertEquals([text(store), store.complete], ["", false]);
});

Deno.test("ReplayStore without room is complete until there is something to keep", () => {
  const store = new ReplayStore(0);
  assertEquals(store.complete, true);

  assertEquals(store.add(bytesOf("a"), 0, 1), 1);

  assertEquals(store.complete, false);
});

Deno.test("writeGrowing() takes a buffer that is large enough, and keeps no other", () => {
  const pool = new BufferPool();
  const tried: number[] = [];

  const { buffer, end } = writeGrowing(pool, (into) => {
    tried.push(into.length);
    return into.length < 300_000 ? -1 : 7;
  });

  assertEquals([tried, end], [[16_384, 65_536, 262_144, 524_288], 7]);
  assertEquals(pool.lentBytes, 524_288);
  pool.give(buffer);
  assertEquals(pool.lentBytes, 0);
});

Deno.test("writeGrowing() keeps no buffer when a head cannot be written", () => {
  const pool = new BufferPool();
  let failure: unknown;

  try {
    writeGrowing(pool, () => {
      throw new TypeError("no head");
    });
  } catch (error) {
    failure = error;
  }

  assert(failure instanceof TypeError);
  assertEquals(pool.lentBytes, 0);
});
