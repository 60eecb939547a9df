import { assert, assertEquals, assertRejects } from "@std/assert";
import { BufferPool, SMALL_BYTES } from "../../lib/net/buffers.ts";
import { ByteReader } from "../../lib/net/byte_reader.ts";
import { decodeLatin1Fast } from "../../lib/net/latin1.ts";
import { settled } from "../support/fake_clock.ts";
import { memoryPair } from "../support/memory_conn.ts";
import { bytesOf } from "../support/memory_http.ts";
import { randomBytes, seededRandom, wholeBelow } from "../support/seeded_random.ts";

const KIB = 1024;

function open(base: "small" | "large" = "small", random?: () => number) {
  const [far, near] = memoryPair(random === undefined ? {} : { random });
  const pool = new BufferPool();
  return { far, near, pool, reader: new ByteReader(near, pool, base) };
}

Deno.test("ByteReader.fill() adds behind what was not used", async () => {
  const { far, reader } = open();
  await far.send(bytesOf("abc"));
  await reader.fill();
  reader.start = 1;

  await far.send(bytesOf("def"));
  assertEquals(await reader.fill(), true);

  assertEquals(decodeLatin1Fast(reader.buffer, reader.start, reader.end), "bcdef");
  assertEquals(reader.available, 5);
});

Deno.test("ByteReader.fill() says when the input has ended, and keeps what is there", async () => {
  const { far, reader } = open();
  await far.send(bytesOf("abc"));
  await reader.fill();
  await far.closeWrite();

  assertEquals([await reader.fill(), await reader.fill()], [false, false]);
  assertEquals(reader.available, 3);
});

Deno.test("ByteReader.take() moves what is there, as much as fits, also while it reads", async () => {
  const { far, reader } = open();
  await far.send(bytesOf("abc"));
  await reader.fill();
  const reading = reader.fill();
  const into = new Uint8Array(2);

  assertEquals([reader.isReading, reader.take(into), decodeLatin1Fast(into, 0, 2)], [
    true,
    2,
    "ab",
  ]);
  assertEquals([reader.take(into), reader.take(into)], [1, 0]);
  await far.send(bytesOf("d"));
  await reading;

  assertEquals([reader.isReading, reader.available, reader.take(into), into[0]], [
    false,
    1,
    1,
    0x64,
  ]);
});

Deno.test("ByteReader.fill() joins a read that is under way", async () => {
  const { far, near, reader } = open();
  const read = near.read.bind(near);
  let reads = 0;
  near.read = (into) => {
    reads++;
    return read(into);
  };

  const both = [reader.fill(), reader.fill()];
  await far.send(bytesOf("x"));

  assertEquals(await Promise.all(both), [true, true]);
  assertEquals([reads, reader.available], [1, 1]);
});

Deno.test("ByteReader.fill() can be called again after a read that failed", async () => {
  const { far, near, reader } = open();
  near.breakReads();
  await assertRejects(() => reader.fill());
  near.readError = undefined;

  await far.send(bytesOf("x"));

  assertEquals(await reader.fill(), true);
});

Deno.test("ByteReader.fill() reads into a larger buffer while reads come back full", async () => {
  const { far, reader, pool } = open();
  await far.send(new Uint8Array(60 * KIB));
  const sizes: number[] = [];

  for (let read = 0; read < 60 * KIB; read += reader.available) {
    reader.start = reader.end;
    await reader.fill();
    sizes.push(reader.buffer.length);
  }
  assertEquals(sizes, [SMALL_BYTES, 16 * KIB, 64 * KIB]);

  reader.start = reader.end;
  const waiting = reader.fill();
  assertEquals([reader.buffer.length, pool.lentBytes], [SMALL_BYTES, 0]);
  await far.closeWrite();
  await waiting;
});

Deno.test("ByteReader.fill() grows its buffer around a head that does not fit", async () => {
  const { far, reader, pool } = open();
  const bytes = randomBytes(seededRandom(3), 20 * KIB);
  await far.send(bytes);

  while (reader.available < bytes.length) await reader.fill();

  assertEquals(reader.buffer.slice(reader.start, reader.end), bytes);
  assertEquals(pool.lentBytes, 64 * KIB);
});

Deno.test("ByteReader loses and doubles nothing, however its user and the socket cut", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const random = seededRandom(seed);
    const { far, near, reader, pool } = open(seed % 2 === 0 ? "small" : "large", random);
    const bytes = randomBytes(random, 100_000);
    const sending = far.send(bytes).then(() => far.closeWrite());
    const got = new Uint8Array(bytes.length);
    let length = 0;

    while (await reader.fill()) {
      const used = random() < 0.5 ? reader.available : wholeBelow(random, reader.available + 1);
      got.set(reader.buffer.subarray(reader.start, reader.start + used), length);
      length += used;
      reader.start += used;
    }
    got.set(reader.buffer.subarray(reader.start, reader.end), length);

    await sending;
    assert(length + reader.available === bytes.length && got.every((b, i) => b === bytes[i]));
    near.close();
    reader.release();
    assertEquals(pool.lentBytes, 0);
  }
});

Deno.test("ByteReader.release() waits for the read that writes into its buffer", async () => {
  const { near, reader, pool } = open("large");
  const reading = reader.fill();
  const { buffer } = reader;

  reader.release();
  assertEquals(pool.lentBytes, 16 * KIB);
  near.close();
  await assertRejects(() => reading);
  await settled();

  assertEquals(pool.lentBytes, 0);
  assert(pool.takeLarger(0) === buffer);
});

Deno.test("ByteReader.release() gives its buffer back once", async () => {
  for (const base of ["small", "large"] as const) {
    const { near, reader, pool } = open(base);
    near.close();

    reader.release();
    reader.release();
    await reader.fill().catch(() => {});

    assertEquals(pool.lentBytes, 0);
    const taken = Array.from({ length: 64 }, () => pool.takeSmall());
    assertEquals(new Set(taken).size, 64);
  }
});
