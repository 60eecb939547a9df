import { assert, assertEquals } from "@std/assert";
import { BufferPool, SMALL_BYTES } from "../../lib/net/buffers.ts";

const KIB = 1024;

Deno.test("BufferPool.takeSmall() lends again what came back", () => {
  const pool = new BufferPool();

  const first = pool.takeSmall();
  pool.giveSmall(first);

  assertEquals(first.length, SMALL_BYTES);
  assert(pool.takeSmall() === first);
});

Deno.test("BufferPool.takeSmall() never lends the same bytes twice", () => {
  const pool = new BufferPool();
  const buffers = Array.from({ length: 1000 }, () => pool.takeSmall());

  for (const [number, buffer] of buffers.entries()) buffer.fill(number % 251);

  for (const [number, buffer] of buffers.entries()) {
    assert(buffer.every((byte) => byte === number % 251), `buffer ${number}`);
  }
});

Deno.test("BufferPool.takeLarger() goes up class by class and stays at the largest", () => {
  const pool = new BufferPool();

  const sizes = [SMALL_BYTES, 16 * KIB, 64 * KIB, 256 * KIB].map((currentBytes) =>
    pool.takeLarger(currentBytes).length
  );

  assertEquals(sizes, [16 * KIB, 64 * KIB, 256 * KIB, 256 * KIB]);
  assertEquals(pool.lentBytes, 592 * KIB);
});

Deno.test("BufferPool.takeLarger() lends again what came back", () => {
  const pool = new BufferPool();
  const first = pool.takeLarger(16 * KIB);

  pool.giveLarge(first);

  assertEquals(pool.lentBytes, 0);
  assert(pool.takeLarger(16 * KIB) === first);
});

Deno.test("BufferPool.takeLarger() lends again however often it was lent before", () => {
  const pool = new BufferPool();

  // A thousand times 64 KiB: more than the pool keeps, if it were all kept.
  for (let round = 0; round < 1000; round++) pool.giveLarge(pool.takeLarger(16 * KIB));

  const last = pool.takeLarger(16 * KIB);
  pool.giveLarge(last);
  assert(pool.takeLarger(16 * KIB) === last);
});

Deno.test("BufferPool.takeLarger() falls back to 16 KiB beyond the bound", () => {
  const pool = new BufferPool(100 * KIB);
  const first = pool.takeLarger(16 * KIB);

  const beyond = [SMALL_BYTES, 16 * KIB, 64 * KIB, 256 * KIB].map((currentBytes) =>
    pool.takeLarger(currentBytes)
  );
  assertEquals(first.length, 64 * KIB);
  assertEquals(beyond.map(({ length }) => length), [16 * KIB, 16 * KIB, 16 * KIB, 16 * KIB]);

  for (const buffer of [first, ...beyond]) pool.giveLarge(buffer);
  assertEquals(pool.lentBytes, 0);
  assertEquals(pool.takeLarger(16 * KIB).length, 64 * KIB);
});

Deno.test("BufferPool.giveLarge() keeps no more than 16 MiB for later", () => {
  const pool = new BufferPool();
  const buffers = Array.from({ length: 100 }, () => pool.takeLarger(64 * KIB));

  for (const buffer of buffers) pool.giveLarge(buffer);
  const again = new Set(Array.from({ length: 100 }, () => pool.takeLarger(64 * KIB)));

  assertEquals(buffers.filter((buffer) => again.has(buffer)).length, 64);
});

Deno.test("BufferPool keeps nothing of a size that it does not lend, and forgets nothing for it", () => {
  const pool = new BufferPool();
  for (let head = 0; head < 40; head++) pool.give(pool.takeAbove(256 * 1024));

  const buffer = pool.takeLarger(0);
  pool.give(buffer);

  assert(pool.takeLarger(0) === buffer);
  assertEquals(pool.lentBytes, 16 * 1024);
});
