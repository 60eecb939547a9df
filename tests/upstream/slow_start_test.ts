import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { ALGORITHMS } from "../../lib/balancer/registry.ts";
import { SharedTable } from "../../lib/core/shared_table.ts";
import { type Backend, RAMP_STEPS } from "../../lib/core/types.ts";
import { SharedBackend } from "../../lib/upstream/backend.ts";
import { SlowStart } from "../../lib/upstream/slow_start.ts";
import { tally } from "../support/farm.ts";
import { emptyUpstream, specOf, upstreamOf } from "../support/upstreams.ts";

const WINDOW_MS = 10_000;

function backendOf(index = 0): Backend {
  return upstreamOf([specOf(index)]).backends[0]!;
}

Deno.test("SlowStart gives a tenth at once and the rest linearly over the window", () => {
  const backend = backendOf();
  const shares: number[] = [];
  const slowStart = new SlowStart(WINDOW_MS, ({ ramp }) => shares.push(ramp / RAMP_STEPS));

  slowStart.begin(backend, 5000);
  assertEquals(backend.ramp / RAMP_STEPS, 0.1);
  for (let nowMs = 5000; nowMs <= 20_000; nowMs += 10) {
    slowStart.advance(nowMs);
    const linear = Math.min(1, Math.max(0.1, (nowMs - 5000) / WINDOW_MS));
    const share = backend.ramp / RAMP_STEPS;
    assert(share <= linear && share > linear - 0.05001, `${share} of ${linear} at ${nowMs} ms`);
  }

  assertEquals(shares, Array.from({ length: 18 }, (_, step) => (step + 3) / RAMP_STEPS));
});

Deno.test("SlowStart catches up when nobody has asked for a while", () => {
  const backend = backendOf();
  const slowStart = new SlowStart(WINDOW_MS, () => {});
  slowStart.begin(backend, 0);

  slowStart.advance(6010);
  assertEquals(backend.ramp, 12);
  slowStart.advance(60_000);

  assertEquals(backend.ramp, RAMP_STEPS);
});

Deno.test("SlowStart begins anew for a server that went down while it warmed up", () => {
  const backend = backendOf();
  const slowStart = new SlowStart(WINDOW_MS, () => {});
  slowStart.begin(backend, 0);
  slowStart.advance(5000);
  slowStart.end(backend);
  assertEquals(backend.ramp, RAMP_STEPS);

  slowStart.begin(backend, 6000);
  slowStart.advance(7000);

  assertEquals(backend.ramp, 2);
});

Deno.test("SlowStart does nothing with a window of zero", () => {
  const backend = backendOf();
  const slowStart = new SlowStart(0, () => {});

  slowStart.begin(backend, 0);

  assertEquals(backend.ramp, RAMP_STEPS);
});

/** Algorithms whose choice has nothing to do with weights. */
const WEIGHTLESS = new Set(["first"]);
/** How far a share may be off: a ring's points are few for a server at a tenth of its weight. */
const TOLERANCE: Readonly<Record<string, number>> = { consistent_hash: 0.6, ip_hash: 0.2 };

for (const algorithm of Object.keys(ALGORITHMS).filter((name) => !WEIGHTLESS.has(name))) {
  Deno.test(`BalancedUpstream warms up a server that came back, with ${algorithm}`, () => {
    let nowMs = 0;
    const specs = Array.from({ length: 5 }, (_, index) => specOf(index, { weight: 10 }));
    const { upstream } = upstreamOf(specs, { algorithm, slowStartMs: WINDOW_MS, now: () => nowMs });
    upstream.setHealth("b2", false);
    upstream.acquire(0)?.[Symbol.dispose]();

    upstream.setHealth("b2", true);

    for (const [atMs, part] of [[0, 0.1], [5000, 0.5], [10_000, 1]] as const) {
      nowMs = atMs;
      const fair = part / (4 + part);
      assertAlmostEquals(shareOf("b2"), fair, (TOLERANCE[algorithm] ?? 0.15) * fair, `${atMs} ms`);
    }

    /** Under steady work, so that algorithms that go by load have one to go by. */
    function shareOf(id: string): number {
      const leases: Disposable[] = [];
      const ids = Array.from({ length: 20_000 }, (_, n) => {
        const lease = upstream.acquire(Math.imul(n + 1, 0x9e3779b1) >>> 0)!;
        leases.push(lease);
        if (leases.length > 500) leases.shift()?.[Symbol.dispose]();
        return lease.backend.id;
      });
      for (const lease of leases) lease[Symbol.dispose]();
      return (tally(ids).get(id) ?? 0) / ids.length;
    }
  });
}

Deno.test("BalancedUpstream warms up a server that is added later, and none of the first", () => {
  let nowMs = 0;
  const table = SharedTable.create({ workers: 1, backends: 3, upstreams: 1, listeners: 0 });
  const upstream = emptyUpstream(table, {
    slowStartMs: WINDOW_MS,
    now: () => nowMs,
    firstIds: ["b0", "b1"],
  });
  const [first, second, late] = [0, 1, 2].map((index) =>
    new SharedBackend(specOf(index), index, table)
  );
  const next = () => {
    using lease = upstream.acquire(0);
    return lease?.backend.id;
  };

  upstream.addServer(first!);
  upstream.addServer(second!);
  assertEquals([first!.ramp, second!.ramp], [RAMP_STEPS, RAMP_STEPS]);
  upstream.addServer(late!);
  assertEquals(late!.ramp, 2);
  const early = Array.from({ length: 210 }, next).filter((id) => id === "b2").length;
  assert(early > 5 && early < 15, `${early} of 210`);

  nowMs = WINDOW_MS;
  const warm = Array.from({ length: 210 }, next).filter((id) => id === "b2").length;
  assert(warm > 60, `${warm} of 210`);

  // One of the first that was taken away is a new one when it comes again.
  upstream.removeServer("b0");
  upstream.addServer(first!);
  assertEquals(first!.ramp, 2);
});
