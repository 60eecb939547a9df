import { assert, assertEquals } from "@std/assert";
import { EventHub, MAX_BEHIND_BYTES, MAX_SUBSCRIBERS } from "../../lib/admin/event_hub.ts";
import { FakeClock } from "../support/fake_clock.ts";

class HubBench implements Disposable {
  readonly clock = new FakeClock();
  snapshots = 0;
  filler = "";
  readonly hub = new EventHub({
    clock: this.clock,
    wallMs: () => Date.UTC(2026, 10, 21),
    stats: () => ({ number: ++this.snapshots, filler: this.filler }),
  });

  [Symbol.dispose](): void {
    this.hub[Symbol.dispose]();
  }
}

/** All that a stream holds; it has to have ended. */
async function textOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  return await new Response(stream as BodyInit).text();
}

Deno.test("EventHub.emit() tells everybody, with the time and a number", async () => {
  using b = new HubBench();
  const streams = [1, 2].map(() => b.hub.subscribe({ withStats: false })!);

  b.hub.emit({ type: "health", upstream: "app", backend: "b1", up: false, reason: "a\nb" });
  b.hub[Symbol.dispose]();

  for (const stream of streams) {
    assertEquals(
      await textOf(stream),
      ':\n\nid: 1\nevent: health\ndata: {"at":"2026-11-21T00:00:00.000Z","upstream":"app",' +
        '"backend":"b1","up":false,"reason":"a\\nb"}\n\n',
    );
  }
});

Deno.test("EventHub.subscribe() sends the counters at once and each second to who wants them", async () => {
  using b = new HubBench();
  const stream = b.hub.subscribe({ withStats: true })!;
  const plain = b.hub.subscribe({ withStats: false })!;

  await b.clock.run(3000, 100);
  b.hub[Symbol.dispose]();

  const numbers = (await textOf(stream)).match(/(?<="number":)\d+/g);
  assertEquals(numbers, ["1", "2", "3", "4"]);
  assertEquals(await textOf(plain), ":\n\n");
});

Deno.test("EventHub shows who wants no counters that it lives, each 15 seconds", async () => {
  using b = new HubBench();
  const stream = b.hub.subscribe({ withStats: false })!;

  await b.clock.run(30_000, 1000);
  b.hub[Symbol.dispose]();

  assertEquals([await textOf(stream), b.snapshots], [":\n\n".repeat(3), 0]);
});

Deno.test("EventHub counts nothing while nobody listens", async () => {
  using b = new HubBench();
  const stream = b.hub.subscribe({ withStats: true })!;
  await stream.cancel();
  const before = b.snapshots;

  await b.clock.run(5000, 1000);

  assertEquals([b.snapshots - before, b.hub.size], [0, 0]);
});

Deno.test("EventHub keeps the last 256 events for those who come later", async () => {
  using b = new HubBench();
  for (let count = 0; count < 300; count++) b.hub.emit({ type: "draining" });

  const stream = b.hub.subscribe({ withStats: false, since: 0 })!;
  b.hub[Symbol.dispose]();

  const ids = (await textOf(stream)).match(/(?<=^id: )\d+/gm);
  assertEquals([ids?.length, ids?.[0], ids?.at(-1)], [256, "45", "300"]);
});

Deno.test("EventHub lets no more than a few listen", async () => {
  using b = new HubBench();
  const streams = Array.from({ length: MAX_SUBSCRIBERS }, () => {
    return b.hub.subscribe({ withStats: false })!;
  });

  assertEquals(b.hub.subscribe({ withStats: false }), undefined);
  await streams[0]!.cancel();
  assert(b.hub.subscribe({ withStats: false }) !== undefined);
});

Deno.test("EventHub cuts off who does not read, and nobody else", async () => {
  using b = new HubBench();
  b.filler = "x".repeat(MAX_BEHIND_BYTES / 4);
  const slow = b.hub.subscribe({ withStats: true })!;
  const fast = b.hub.subscribe({ withStats: true })!.getReader();

  for (let second = 0; second < 10; second++) {
    await b.clock.run(1000, 1000);
    for (let pieces = second === 0 ? 3 : 1; pieces > 0; pieces--) await fast.read();
  }

  assertEquals(b.hub.size, 1);
  // What waited for it is dropped too.
  assertEquals(await textOf(slow), "");
  await fast.cancel();
});

Deno.test("EventHub lets nobody listen once it has ended", () => {
  using b = new HubBench();
  b.hub[Symbol.dispose]();

  assertEquals(b.hub.subscribe({ withStats: true }), undefined);
});
