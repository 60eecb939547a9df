import type { Address } from "../../lib/core/address.ts";
import { HealthChecker, type Watching } from "../../lib/health/checker.ts";
import { Consecutive } from "../../lib/health/consecutive.ts";
import { RunningTime } from "../../lib/health/running_time.ts";
import type { Check, HealthChange } from "../../lib/health/watch.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { FakeProbes } from "../support/probes.ts";

const ADDRESS: Address = { kind: "tcp", hostname: "127.0.0.1", port: 1 };
export const INTERVAL_MS = 1000;
export const FAST_INTERVAL_MS = 400;
export const TIMEOUT_MS = 300;
/** At most what the timer waits that looks whether the process stood still. */
const TICK_MS = 100;

/** A checker in virtual time, with probes that the test lets pass or fail. */
export interface Bench extends Disposable {
  readonly clock: FakeClock;
  readonly probes: FakeProbes;
  readonly checker: HealthChecker;
  readonly changes: HealthChange[];
  /** Delays of the timers that wait, but for the one that looks whether the process stood still. */
  readonly delays: number[];
  watch(options?: Partial<Check>): Watching;
}

/**
 * A checker of servers that are up or down at each result.
 *
 * @param random 0.5 leaves the interval as it is
 */
export function bench(random: () => number = () => 0.5, maxConcurrent?: number): Bench {
  const clock = new FakeClock();
  const probes = new FakeProbes();
  const bound = maxConcurrent === undefined ? {} : { maxConcurrent };
  const running = new RunningTime(clock);
  const checker = new HealthChecker({ clock, running, random, ...bound });
  const changes: HealthChange[] = [];
  return {
    clock,
    probes,
    checker,
    changes,
    get delays() {
      return clock.delays.filter((delayMs) => delayMs > TICK_MS);
    },
    watch: (options = {}) =>
      checker.watch({
        address: ADDRESS,
        probe: probes.probe,
        detector: new Consecutive({ rise: 1, fall: 1 }),
        intervalMs: INTERVAL_MS,
        fastIntervalMs: FAST_INTERVAL_MS,
        timeoutMs: TIMEOUT_MS,
        ...options,
      }, (change) => changes.push(change)),
    [Symbol.dispose]: () => {
      checker[Symbol.dispose]();
      running[Symbol.dispose]();
    },
  };
}
