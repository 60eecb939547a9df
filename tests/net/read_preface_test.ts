import { assertEquals } from "@std/assert";
import { BufferPool } from "../../lib/net/buffers.ts";
import { type PrefaceOptions, readPreface } from "../../lib/net/read_preface.ts";
import { settled } from "../support/fake_clock.ts";
import { memoryPair } from "../support/memory_conn.ts";
import { PacedTimeouts } from "../support/paced_timeouts.ts";
import { randomBytes, seededRandom } from "../support/seeded_random.ts";

/** A connection whose start is read until it has `wanted` bytes. */
function bench(wanted: number) {
  const paced = new PacedTimeouts();
  const buffers = new BufferPool();
  const [client, inner] = memoryPair();
  const fresh: number[] = [];
  const options: PrefaceOptions<number> = {
    buffers,
    timeouts: paced.timeouts,
    timeoutMs: 1000,
    parse: (bytes, from) => {
      fresh.push(from);
      return bytes.length >= wanted ? bytes.length : undefined;
    },
  };
  const read = readPreface(inner, options);
  return {
    paced,
    buffers,
    client,
    inner,
    fresh,
    read,
    [Symbol.dispose]: () => paced[Symbol.dispose](),
  };
}

Deno.test("readPreface() reads until it is enough, and says what is new each time", async () => {
  using b = bench(5);

  await b.client.send(Uint8Array.of(1, 2));
  await settled();
  await b.client.send(Uint8Array.of(3, 4, 5, 6));

  assertEquals(await b.read, { kind: "read", value: 6, bytes: Uint8Array.of(1, 2, 3, 4, 5, 6) });
  assertEquals(b.fresh, [0, 2]);
});

Deno.test("readPreface() keeps all of a long start, and gives its buffers back", async () => {
  using b = bench(30_000);
  const bytes = randomBytes(seededRandom(1), 30_000);

  await b.client.send(bytes);

  assertEquals(await b.read, { kind: "read", value: 30_000, bytes });
  assertEquals(b.buffers.lentBytes, 0);
});

Deno.test("readPreface() closes a connection that is too slow, however it drips", async () => {
  using b = bench(100);
  await b.client.send(Uint8Array.of(1));
  await b.paced.pass(600);
  await b.client.send(Uint8Array.of(2));
  await b.paced.pass(600);

  assertEquals(await b.read, { kind: "late" });
  assertEquals([b.inner.closes, b.buffers.lentBytes], [1, 0]);
});

Deno.test("readPreface() tells a client that ends early, with and without a word", async () => {
  using silent = bench(5);
  using talking = bench(5);
  using broken = bench(5);

  await silent.client.closeWrite();
  await talking.client.send(Uint8Array.of(1));
  await talking.client.closeWrite();
  broken.client.reset();

  assertEquals(await silent.read, { kind: "gone", isEmpty: true });
  assertEquals(await talking.read, { kind: "gone", isEmpty: false });
  assertEquals(await broken.read, { kind: "gone", isEmpty: true });
});
