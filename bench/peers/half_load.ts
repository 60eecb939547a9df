import { resultOf, startClient, WARM_UP_SECONDS } from "./measure.ts";
import type { PacedResult } from "./paced_client.ts";
import type { Contestant, Sample } from "./row.ts";
import { wrk } from "./wrk.ts";

/** Below this share of what was asked for, the client and not the subject was measured. */
const LEAST_SHARE = 0.95;

/**
 * Share of requests that may find every connection busy. Stalls of either side make it a few per
 * cent, and count; more than half is a queue that never empties, so not half of the maximum.
 */
const MOST_WAITING = 0.5;

/** Latency at half of what the subject itself takes at most, found by wrk right before. */
export async function measureHalfLoad(contestant: Contestant): Promise<Sample> {
  const { setting, seconds } = contestant;
  const running = await contestant.running();
  await wrk(setting, { running, seconds: WARM_UP_SECONDS });
  const full = await wrk(setting, { running, seconds });
  const target = Math.floor(full.requests / full.seconds / 2);
  const args = ["paced", `${running.port}`, `${target}`, `${seconds}`];
  const paced = await resultOf<PacedResult>(startClient(setting, args, "paced_client.ts"));
  const { p50Us: p50, p99Us: p99, rate } = paced;
  const failures = [...full.failures, ...checkLoad(paced, target)];
  // A latency of some other load must not pass for this one, on either side of a ratio.
  return { values: failures.length === 0 ? { p99, p50, rate } : {}, failures };
}

/** The machine may have slowed down since the maximum was found, or be busy with other things. */
function checkLoad({ rate, waited }: PacedResult, target: number): string[] {
  const failures: string[] = [];
  if (rate < LEAST_SHARE * target) {
    failures.push(`client sent ${Math.floor(rate)} of ${target} requests per second`);
  }
  if (waited > MOST_WAITING) {
    failures.push(`not half load: ${(waited * 100).toFixed(0)} % of requests had to wait`);
  }
  return failures;
}
