import { assertEquals } from "@std/assert";
import { LbError } from "../../lib/core/errors.ts";
import type { Backend } from "../../lib/core/types.ts";
import { type Gate, Gates, Pass, type WorkResult } from "../../lib/upstream/gate.ts";
import { specOf, upstreamOf } from "../support/upstreams.ts";

/** A gate that does as it is told and writes down what it is asked. */
class TestGate implements Gate {
  isTimed = true;
  readonly log: string[] = [];
  readonly closed = new Set<string>();
  /** Backends whose last place is always gone. */
  readonly lost = new Set<string>();
  readonly results: WorkResult[] = [];

  admits({ id }: Backend): boolean {
    return !this.closed.has(id);
  }

  enter({ id }: Backend): boolean {
    const isIn = !this.lost.has(id);
    this.log.push(`${isIn ? "in" : "lost"} ${id}`);
    return isIn;
  }

  observe(_: Backend, result: WorkResult): void {
    this.results.push(result);
  }

  leave({ id }: Backend): void {
    this.log.push(`out ${id}`);
  }
}

function guarded(count: number, ...gates: TestGate[]) {
  let nowMs = 0;
  const specs = Array.from({ length: count }, (_, index) => specOf(index));
  const { upstream, backends, table } = upstreamOf(specs, {
    algorithm: "first",
    gates,
    now: () => nowMs,
  });
  return { upstream, backends, table, pass: (ms: number) => nowMs += ms };
}

Deno.test("BalancedUpstream.acquire() gives no work to backends that a gate holds off", () => {
  const [one, other] = [new TestGate(), new TestGate()];
  const { upstream, backends } = guarded(3, one, other);
  one.closed.add("b0");
  other.closed.add("b1");

  assertEquals(upstream.acquire(0)?.backend.id, "b2");
  assertEquals(upstream.acquirePreferred(backends[1]!), undefined);
  assertEquals(upstream.acquirePreferred(backends[2]!)?.backend.id, "b2");
  one.closed.add("b2");

  assertEquals(upstream.acquire(0), undefined);
});

Deno.test("BalancedUpstream.acquire() goes on when another thread took the last place", () => {
  const [one, other] = [new TestGate(), new TestGate()];
  const { upstream, table } = guarded(3, one, other);
  other.lost.add("b0").add("b1");

  using lease = upstream.acquire(0);

  assertEquals(lease?.backend.id, "b2");
  // What the first gate gave for nothing is given back.
  assertEquals(one.log, ["in b0", "out b0", "in b1", "out b1", "in b2"]);
  assertEquals([0, 1, 2].map((index) => table.inFlight(index)), [0, 0, 1]);
  other.lost.add("b2");
  assertEquals(upstream.acquire(0), undefined);
});

Deno.test("Lease leaves the gates once, and tells them how it went", () => {
  const gate = new TestGate();
  const { upstream, pass } = guarded(1, gate);
  const error = new LbError("upstream_reset", "gone", { side: "upstream" });

  const good = upstream.acquire(0)!;
  pass(5);
  good.answered(true);
  good.settle({ kind: "success" });
  good[Symbol.dispose]();
  good[Symbol.dispose]();
  const bad = upstream.acquire(0)!;
  pass(2);
  bad.answered(false);
  bad.settle({ kind: "failure", error });
  bad[Symbol.dispose]();
  const broken = upstream.acquire(0)!;
  pass(3);
  broken.settle({ kind: "failure", error });
  broken[Symbol.dispose]();
  const left = upstream.acquire(0)!;
  left.settle({ kind: "ignored" });
  left[Symbol.dispose]();

  assertEquals(gate.log, [
    "in b0",
    "out b0",
    "in b0",
    "out b0",
    "in b0",
    "out b0",
    "in b0",
    "out b0",
  ]);
  assertEquals(gate.results, [
    { passed: true, latencyMs: 5, atMs: 5, code: undefined, status: undefined },
    { passed: false, latencyMs: 2, atMs: 7, code: undefined, status: undefined },
    { passed: false, latencyMs: 3, atMs: 10, code: "upstream_reset", status: undefined },
  ]);
});

Deno.test("Gates without a gate admit everybody", () => {
  const { backends } = guarded(1);
  const gates = new Gates([]);

  const admitted = [gates.admits(backends[0]!), gates.enter(backends[0]!, new Pass())];

  assertEquals(admitted, [true, true]);
});

Deno.test("Lease reads no clock where nobody goes by how long work takes", () => {
  const gate = new TestGate();
  gate.isTimed = false;
  const { upstream } = upstreamOf([specOf(0)], {
    algorithm: "first",
    gates: [gate],
    now: () => {
      throw new Error("Cannot read the clock: nobody needs it");
    },
  });

  using lease = upstream.acquire(0);
  lease?.answered(true, 200);

  assertEquals(gate.results, [{
    passed: true,
    latencyMs: 0,
    atMs: 0,
    code: undefined,
    status: 200,
  }]);
});
