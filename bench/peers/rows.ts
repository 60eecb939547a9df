import { BIG_BYTES } from "./backends.ts";
import { ALL_OPEN, type BulkResult, type IdleResult } from "./clients.ts";
import { cpuMs, type Process, rssKib } from "./processes.ts";
import { type Running, type Setting, startSubject, type Subject } from "./subjects.ts";

/** What a figure has to reach. */
export interface Goal {
  /** Against HAProxy in the same round, or by itself. */
  readonly kind: "ratio" | "absolute";
  readonly most: number;
}

/** One number that a row yields. */
export interface Figure {
  readonly id: string;
  readonly title: string;
  readonly digits: number;
  readonly goal?: Goal;
}

/** What one measurement found: a value per figure of its row. */
export interface Sample {
  readonly values: Readonly<Record<string, number>>;
  /** Wrong answers, lost requests, socket errors: each a sentence. */
  readonly failures: readonly string[];
}

/** One kind of work. */
export interface Row {
  readonly id: string;
  readonly figures: readonly Figure[];
  /** Rounds that the median needs, when more than the usual. */
  readonly minRounds?: number;
  measure(contestant: Contestant): Promise<Sample>;
}

/** A subject in the middle of a round. */
export interface Contestant {
  readonly subject: Subject;
  readonly setting: Setting;
  /** How long to measure. */
  readonly seconds: number;
  /** The subject as it runs over all rounds, warm. */
  running(): Promise<Running>;
}

/** What to reach, see `design/performance.md`. */
const GOALS = {
  keepAliveCpu: { kind: "ratio", most: 1.35 },
  connectionCpu: { kind: "ratio", most: 1.8 },
  bulkCpu: { kind: "ratio", most: 1.0 },
  idleKib: { kind: "absolute", most: 16 },
  startMs: { kind: "absolute", most: 300 },
} as const satisfies Record<string, Goal>;

const WRK_CONNECTIONS = 64;
const WARM_UP_SECONDS = 1;
const IDLE_CONNECTIONS = 2000;
/** From the last connection opened to the memory read: garbage and page frees settle. */
const IDLE_SETTLE_MS = 1000;

/** Every row, in the order of the table. */
export const ROWS: readonly Row[] = [
  {
    id: "keepalive",
    figures: [
      {
        id: "cpu",
        title: "keep-alive, CPU µs per request",
        digits: 1,
        goal: GOALS.keepAliveCpu,
      },
      { id: "rate", title: "keep-alive, requests per second", digits: 0 },
    ],
    measure: (contestant) => measureRequests(contestant, []),
  },
  {
    id: "connections",
    figures: [
      {
        id: "cpu",
        title: "connection per request, CPU µs per request",
        digits: 1,
        goal: GOALS.connectionCpu,
      },
      { id: "rate", title: "connection per request, requests per second", digits: 0 },
    ],
    measure: (contestant) => measureRequests(contestant, ["-H", "Connection: close"]),
  },
  {
    id: "bulk",
    figures: [
      { id: "cpu", title: "bulk, CPU ms per GB", digits: 0, goal: GOALS.bulkCpu },
      { id: "rate", title: "bulk, MB per second", digits: 0 },
    ],
    measure: measureBulk,
  },
  {
    id: "idle",
    figures: [
      { id: "memory", title: "idle connection, KiB", digits: 1, goal: GOALS.idleKib },
    ],
    measure: measureIdle,
  },
  {
    id: "start",
    figures: [
      { id: "time", title: "start to first proxied byte, ms", digits: 0, goal: GOALS.startMs },
    ],
    minRounds: 5,
    measure: measureStart,
  },
];

async function measureRequests(contestant: Contestant, flags: string[]): Promise<Sample> {
  const running = await contestant.running();
  await wrk(contestant, { running, seconds: WARM_UP_SECONDS, flags });
  const before = await cpuMs(running.process.pid);
  const result = await wrk(contestant, { running, seconds: contestant.seconds, flags });
  const spentMs = await cpuMs(running.process.pid) - before;
  const values = {
    cpu: spentMs * 1000 / result.requests,
    rate: result.requests / result.seconds,
  };
  return { values, failures: result.failures };
}

async function measureBulk(contestant: Contestant): Promise<Sample> {
  const running = await contestant.running();
  await downloads(contestant, running, WARM_UP_SECONDS / 2);
  const before = await cpuMs(running.process.pid);
  const result = await downloads(contestant, running, contestant.seconds);
  const spentMs = await cpuMs(running.process.pid) - before;
  const values = {
    cpu: spentMs / (result.bytes / 1e9),
    rate: result.bytes / 1e6 / result.seconds,
  };
  return { values, failures: [] };
}

/** Uses a fresh process: memory kept from an earlier round would count as free. */
async function measureIdle(contestant: Contestant): Promise<Sample> {
  const running = await startSubject(contestant.subject, contestant.setting);
  try {
    const warmUp = await wrk(contestant, { running, seconds: WARM_UP_SECONDS, flags: [] });
    await pause(IDLE_SETTLE_MS);
    const before = await rssKib(running.process.pid);
    const client = startClient(contestant, ["idle", `${running.port}`, `${IDLE_CONNECTIONS}`]);
    await client.printed(ALL_OPEN);
    await pause(IDLE_SETTLE_MS);
    const grownKib = await rssKib(running.process.pid) - before;
    await client.tell("");
    const { answered } = await resultOf<IdleResult>(client);
    const lost = IDLE_CONNECTIONS - answered;
    const failures = lost === 0 ? [] : [`${lost} of ${IDLE_CONNECTIONS} idle connections lost`];
    return {
      values: { memory: grownKib / IDLE_CONNECTIONS },
      failures: [...warmUp.failures, ...failures],
    };
  } finally {
    await running.process.stop();
  }
}

async function measureStart({ subject, setting }: Contestant): Promise<Sample> {
  const start = performance.now();
  const running = await startSubject(subject, setting);
  const time = performance.now() - start;
  await running.process.stop();
  return { values: { time }, failures: [] };
}

interface WrkRun {
  readonly running: Running;
  readonly seconds: number;
  readonly flags: readonly string[];
}

interface WrkResult {
  readonly requests: number;
  readonly seconds: number;
  readonly failures: readonly string[];
}

async function wrk({ setting }: Contestant, run: WrkRun): Promise<WrkResult> {
  const { running, seconds, flags } = run;
  const load = ["-t1", `-c${WRK_CONNECTIONS}`, `-d${seconds}s`];
  const argv = ["wrk", ...load, ...flags, `http://127.0.0.1:${running.port}/`];
  const { success, stdout, stderr } = await setting.processes.run({ name: "wrk", argv });
  if (!success) throw new Error(`Cannot run wrk: ${stderr || stdout}`);
  return parseWrk(stdout);
}

function parseWrk(text: string): WrkResult {
  const [, requests = "0", time = "1", unit = "s"] =
    /(\d+) requests in ([\d.]+)(ms|s|m),/.exec(text) ?? [];
  const scale = { ms: 0.001, s: 1, m: 60 }[unit] ?? 1;
  // wrk prints these two lines only when they hold something other than zero.
  const failures = text.split("\n").map((line) => line.trim())
    .filter((line) => /^(Socket errors|Non-2xx)/.test(line)).map((line) => `wrk: ${line}`);
  if (requests === "0") failures.push("wrk: no request was answered");
  return { requests: Number(requests), seconds: Number(time) * scale, failures };
}

function downloads(
  contestant: Contestant,
  { port }: Running,
  seconds: number,
): Promise<BulkResult> {
  return resultOf(startClient(contestant, ["bulk", `${port}`, `${seconds}`, `${BIG_BYTES}`]));
}

function startClient({ setting }: Contestant, args: readonly string[]): Process {
  const script = new URL("clients.ts", import.meta.url).pathname;
  const argv = [Deno.execPath(), "run", "--no-prompt", "--allow-net", script, ...args];
  return setting.processes.start({ name: `client ${args[0]}`, argv });
}

async function resultOf<T>(client: Process): Promise<T> {
  const { success, stdout, stderr } = await client.finished;
  if (!success) throw new Error(`Cannot finish ${client.name}: ${stderr.trim()}`);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as T;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
