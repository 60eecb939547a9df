import { goodput, p99 } from "./limit_simulation.ts";
import { headOf } from "./http_wire.ts";
import { NO_RETRY, startHttp } from "./http_scenario.ts";
import type { Settings } from "./scenario.ts";
import { seededRandom } from "./seeded_random.ts";
import { SickBackend } from "./sick_backend.ts";
import { type Conduct, WELL } from "./sick_conduct.ts";
import { type Asked, SteadyTraffic } from "./steady_traffic.ts";
import { pause } from "./wait.ts";

const CONDUCT = { ...WELL, serviceMs: 20, spread: "exponential", slots: 20 } as const;
/** Of the 1000 that the backend can do, and of the 100 that it can do when it is degraded. */
export const LIMITED_PER_SECOND = 700;

/** A way to do a tenth of the work. */
export interface Degradation {
  readonly title: string;
  readonly sick: Partial<Conduct>;
  /** How much longer than while it was well an answer may take, as a factor. */
  readonly allowed: number;
}

/** What is over two at once waits: a limit can keep that short. */
export const FEWER_SLOTS: Degradation = {
  title: "loses 18 of 20 slots",
  sick: { slots: 2 },
  allowed: 3,
};
/** Nobody can give an answer in less than ten times the time then. */
export const SLOWER_WORK: Degradation = {
  title: "takes ten times as long",
  sick: { serviceMs: 200 },
  allowed: 30,
};

/** How much the only backend is given at once. */
export type LimitChoice =
  | { readonly maxConnections: number }
  | {
    readonly algorithm: "aimd" | "vegas" | "gradient" | "cubic";
    /** An answer that takes longer counts as a failure, in milliseconds. */
    readonly timeoutMs: number;
  };

/** What happens, and for how long, in milliseconds. */
export interface LimitPlan {
  readonly degradation: Degradation;
  /** See {@linkcode healthyP99}. */
  readonly healthyMs: number;
  readonly wellMs: number;
  /** Time to find the new limit. */
  readonly settleMs: number;
  readonly measuredMs: number;
}

/** What came of one limit. */
export interface LimitResult {
  /** Of accepted requests while the backend was degraded, in milliseconds. */
  readonly p99Ms: number;
  /** Answers a second within the time that is allowed, while it was degraded. */
  readonly goodput: number;
  /** The same while it was well. */
  readonly goodputBefore: number;
}

/** The 99th percentile while the backend is well and given all that comes, in milliseconds. */
export async function healthyP99(measuredMs: number): Promise<number> {
  const plain = { maxConnections: 1000 };
  const { answered, startMs } = await runPhases(plain, {}, async (moments) => {
    await pause(WARM_MS);
    moments.startMs = performance.now();
    await pause(measuredMs);
  });
  return p99(answered, startMs, Infinity);
}

/** Runs one limit against real processes. */
export async function runLimit(choice: LimitChoice, plan: LimitPlan): Promise<LimitResult> {
  const { degradation: { sick, allowed }, healthyMs } = plan;
  const { answered, startMs, sickMs } = await runPhases(choice, sick, async (moments, backend) => {
    await pause(WARM_MS);
    moments.startMs = performance.now();
    await pause(plan.wellMs);
    moments.sickMs = performance.now();
    await backend.sicken();
    await pause(plan.settleMs + plan.measuredMs);
  });
  const fromMs = sickMs + plan.settleMs;
  const toMs = fromMs + plan.measuredMs;
  const withinMs = allowed * healthyMs;
  return {
    p99Ms: p99(answered, fromMs, toMs),
    goodput: goodput(answered, { fromMs, toMs, withinMs }),
    goodputBefore: goodput(answered, { fromMs: startMs, toMs: sickMs, withinMs }),
  };
}

/** Moments of `performance.now()`. */
interface Moments {
  startMs: number;
  sickMs: number;
}

type Script = (moments: Moments, backend: SickBackend) => Promise<void>;

async function runPhases(choice: LimitChoice, sick: Partial<Conduct>, script: Script) {
  await using stack = new AsyncDisposableStack();
  const backend = stack.use(await SickBackend.start({ name: "b", well: CONDUCT, sick }));
  const scenario = stack.use(await startHttp(settingsOf(choice, backend)));
  const traffic = stack.use(
    new SteadyTraffic({
      address: scenario.address,
      perSecond: LIMITED_PER_SECOND,
      request: headOf("GET / HTTP/1.1", "Host: a"),
      random: seededRandom(7),
    }),
  );
  const moments = { startMs: NaN, sickMs: NaN };
  await script(moments, backend);
  return { answered: (await traffic.stop()).filter(isGood).map(toAnswered), ...moments };
}

function settingsOf(choice: LimitChoice, { address }: SickBackend) {
  const max_connections = "maxConnections" in choice ? choice.maxConnections : 0;
  const concurrency: Settings = "maxConnections" in choice ? {} : {
    concurrency: { algorithm: choice.algorithm, timeout: `${Math.ceil(choice.timeoutMs)}ms` },
  };
  return {
    backends: [{ address, max_connections }],
    // What is over the limit is turned away at once: how long others wait says nothing of a limit.
    upstream: { ...NO_RETRY, queue: { size: 0 }, ...concurrency },
  };
}

function isGood({ status }: Asked): boolean {
  return status === 200;
}

/** By when it came, as in the simulation: by when it was answered. */
function toAnswered({ dueMs, latencyMs }: Asked) {
  return { atMs: dueMs + latencyMs, latencyMs };
}

/** Connections, pools and compiled code. */
const WARM_MS = 1500;
