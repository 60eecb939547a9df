import { assertGreater } from "@std/assert";
import { BackendWatch, quietFrom } from "./backend_watch.ts";
import { startHttp } from "./http_scenario.ts";
import { headOf } from "./http_wire.ts";
import { SickBackend } from "./sick_backend.ts";
import type { SickCase } from "./sick_cases.ts";
import { type Asked, SteadyTraffic } from "./steady_traffic.ts";
import { eventually, pause } from "./wait.ts";

/** Requests a second over all backends. */
export const PER_SECOND = 200;
/** A request that took longer was slow: a hundred times as long as its work. Milliseconds. */
export const SLOW_MS = 500;
/** Place of the sick backend among the others. */
const SICK = 1;

/** What came of one backend that fell ill under steady traffic. */
export interface SickResult {
  /**
   * From when it fell ill to when it was held off, or, where nobody does that, to when it got less
   * than half of its share for good. Milliseconds; `Infinity`: never.
   */
  readonly quietMs: number;
  /** Attempts on it while it was ill, trials too. */
  readonly attempts: number;
  /** What kept work from it; absent: nothing that can be seen. */
  readonly by: string | undefined;
  /** Requests of clients while it was ill. */
  readonly requests: number;
  /** Those without an answer, or answered with 500 and above. */
  readonly failed: number;
  /** Those that took longer than {@linkcode SLOW_MS}. */
  readonly slow: number;
  readonly p99Ms: number;
  /** From its cure to its first work, in milliseconds; absent without a cure. */
  readonly backMs?: number;
}

/** Runs one case with real processes. */
export async function runSick(plan: SickCase): Promise<SickResult> {
  await using stack = new AsyncDisposableStack();
  const names = Array.from({ length: plan.backends }, (_, place) => `b${place}`);
  const backends = await Promise.all(names.map(async (name, place) => {
    const sick = place === SICK ? plan.sick ?? {} : {};
    return stack.use(await SickBackend.start({ name, sick }));
  }));
  const scenario = stack.use(
    await startHttp({
      backends: backends.map(({ name, address }) => ({ name, address })),
      workers: 2,
      upstream: plan.upstream,
    }),
  );
  const request = headOf("GET / HTTP/1.1", "Host: a");
  const traffic = stack.use(
    new SteadyTraffic({ address: scenario.address, perSecond: PER_SECOND, request }),
  );
  const watch = stack.use(new BackendWatch(scenario, SICK));
  // All have had work, and the threads are warm.
  await eventually("traffic", () => assertGreater(watch.last?.attempts ?? 0, WARM_ATTEMPTS));

  const startMs = performance.now();
  const sickening = plan.sicken(backends[SICK]!);
  await pause(plan.sickMs);
  await sickening;
  const endMs = performance.now();
  const back = await cure(plan, { backend: backends[SICK]!, watch });
  await traffic.stop();

  const looks = watch.looks.filter(({ atMs }) => atMs >= startMs && atMs < endMs);
  const found = looks.find(({ by }) => by !== undefined);
  const quietAtMs = found?.atMs ?? quietFrom(looks, PER_SECOND / plan.backends / 2) ?? Infinity;
  return {
    quietMs: quietAtMs - startMs,
    attempts: (looks.at(-1)?.attempts ?? NaN) - (looks[0]?.attempts ?? NaN),
    by: found?.by,
    ...countAsked(traffic.asked.filter(({ dueMs }) => dueMs >= startMs && dueMs < endMs)),
    ...back,
  };
}

function countAsked(asked: readonly Asked[]) {
  const latencies = asked.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b);
  return {
    requests: asked.length,
    failed: asked.filter(({ status }) => status === 0 || status >= 500).length,
    slow: asked.filter(({ latencyMs }) => latencyMs > SLOW_MS).length,
    p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? NaN,
  };
}

/** Makes it well, and waits until it gets work again. */
async function cure(
  plan: SickCase,
  { backend, watch }: { backend: SickBackend; watch: BackendWatch },
): Promise<{ backMs?: number }> {
  if (plan.cure === undefined) return {};
  const startMs = performance.now();
  plan.cure(backend);
  const back = await eventually(`${backend.name} to be back`, () => {
    const admitted = watch.looks.find(({ atMs, by }) => atMs > startMs && by === undefined);
    const { attempts } = watch.last ?? { attempts: 0 };
    assertGreater(attempts, (admitted?.attempts ?? Infinity) + BACK_ATTEMPTS);
    return admitted;
  });
  return { backMs: (back?.atMs ?? NaN) - startMs };
}

const WARM_ATTEMPTS = 60;
/** More than what may have been on its way when it was admitted. */
const BACK_ATTEMPTS = 20;
