import { assertEquals } from "@std/assert";
import { RoundRobin } from "../../lib/balancer/round_robin.ts";
import { LbError } from "../../lib/core/errors.ts";
import type { Backend } from "../../lib/core/types.ts";
import { turnsFrom } from "../support/farm.ts";
import { specOf, upstreamOf } from "../support/upstreams.ts";

/** Remembers what an algorithm is told of how work went. */
class Observer extends RoundRobin<Backend> {
  readonly seen: [id: string, latencyMs: number, passed: boolean][] = [];

  observe(backend: Backend, latencyMs: number, passed: boolean): void {
    this.seen.push([backend.id, latencyMs, passed]);
  }
}

Deno.test("Lease tells the algorithm the time to the answer, and failures", () => {
  let nowMs = 100;
  const observer = new Observer({ nextTurn: turnsFrom(0) });
  const { upstream } = upstreamOf([specOf(0)], {
    createBalancer: () => observer,
    now: () => nowMs,
  });
  const reset = new LbError("upstream_reset", "gone", { side: "upstream" });

  const good = upstream.acquire(0)!;
  nowMs += 7;
  good.answered(true);
  nowMs += 1000;
  good.settle({ kind: "success" });
  const cut = upstream.acquire(0)!;
  nowMs += 3;
  cut.answered(true);
  nowMs += 2;
  cut.settle({ kind: "failure", error: reset });
  const refused = upstream.acquire(0)!;
  nowMs += 1;
  refused.settle({ kind: "failure", error: reset });
  upstream.acquire(0)!.settle({ kind: "ignored" });

  assertEquals(observer.seen, [["b0", 7, true], ["b0", 3, true], ["b0", 5, false], [
    "b0",
    1,
    false,
  ]]);
});

Deno.test("Lease.settle() counts work that ended well, but not an answer that was a failure", () => {
  const { upstream, table } = upstreamOf([specOf(0)]);
  const error = new LbError("upstream_reset", "gone", { side: "upstream" });

  upstream.acquire(0)!.settle({ kind: "success" });
  upstream.acquire(0)!.settle({ kind: "ignored" });
  upstream.acquire(0)!.settle({ kind: "failure", error });
  const bad = upstream.acquire(0)!;
  bad.answered(false);
  bad.settle({ kind: "success" });

  assertEquals(table.backendTotal(0, "successes"), 1);
});
