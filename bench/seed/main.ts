/**
 * The four figures of the fourth seed document, for Weir: `deno task bench:seed` prints them as a
 * Markdown table. Each is the median of several rounds.
 */
import { createBalancer } from "../../lib/balancer/registry.ts";
import { SharedTable } from "../../lib/core/shared_table.ts";
import type { BackendSpec } from "../../lib/core/types.ts";
import { HealthChecker } from "../../lib/health/checker.ts";
import { Consecutive } from "../../lib/health/consecutive.ts";
import { RunningTime } from "../../lib/health/running_time.ts";
import { probeTcp } from "../../lib/probe/probe_tcp.ts";
import { denoTransport } from "../../lib/net/deno_transport.ts";
import { systemClock } from "../../lib/runtime/system_clock.ts";
import { SharedBackend } from "../../lib/upstream/backend.ts";
import { StartGate } from "../../tests/support/thread.ts";
import { seededOptions } from "../../tests/support/farm.ts";
import { emptyUpstream } from "../../tests/support/upstreams.ts";
import { BACKENDS, createPicker, SHAPE, timeEach } from "./picker.ts";
import type { PickJob } from "./pick_thread.ts";

const ROUNDS = 15;
const PICKS = 1_000_000;
const THREADS = 2;

const SPECS = Array.from({ length: BACKENDS }, (_, index): BackendSpec => ({
  id: `b${index}`,
  address: { kind: "tcp", hostname: "127.0.0.1", port: 8081 + index },
  weight: 1,
}));

/** Nanoseconds. */
type Measure = () => number | Promise<number>;

const ROWS: readonly (readonly [name: string, seed: string, measure: Measure])[] = [
  ["pick a backend", "~90 ns", pickAlone],
  ["pick, two threads at once", "~102 ns", pickTogether],
  ["build a balancer of five", "~285 ns", buildBalancer],
  ["the same with upstream and backends", "", buildUpstream],
  ["health check of five local backends", "~2.2 ms", checkHealth],
];

const lines = ["| benchmark | seed | Weir |", "| --- | ---: | ---: |"];
for (const [name, seed, measure] of ROWS) {
  const results: number[] = [];
  await measure();
  for (let round = 0; round < ROUNDS; round++) results.push(await measure());
  lines.push(`| ${name} | ${seed} | ${show(results)} |`);
}
await Deno.stdout.write(new TextEncoder().encode(lines.join("\n") + "\n"));

function pickAlone(): number {
  return timeEach(PICKS, createPicker(SharedTable.create(SHAPE)));
}

/** What a pick takes in each of the threads; together they make twice as many. */
async function pickTogether(): Promise<number> {
  const gate = new StartGate().buffer;
  const job = { table: SharedTable.create(SHAPE).buffer, gate, threads: THREADS, picks: PICKS };
  const times = await Promise.all(Array.from({ length: THREADS }, () => inThread(job)));
  return times.reduce((sum, time) => sum + time, 0) / times.length;
}

async function inThread(job: PickJob): Promise<number> {
  const url = new URL("./pick_thread.ts", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  const answer = Promise.withResolvers<number>();
  worker.onmessage = (event: MessageEvent<number>) => answer.resolve(event.data);
  worker.onerror = (event) => answer.reject(new Error(event.message));
  worker.postMessage(job);
  try {
    return await answer.promise;
  } finally {
    worker.terminate();
  }
}

/** The algorithm with its servers, which are there already. */
function buildBalancer(): number {
  const table = SharedTable.create(SHAPE);
  const servers = SPECS.map((spec, index) => new SharedBackend(spec, index, table));
  const options = seededOptions();
  return timeEach(100_000, () => {
    const balancer = createBalancer<SharedBackend>("round_robin", options);
    for (const server of servers) balancer.add(server);
  });
}

/** Backends, upstream and algorithm, ready for the first pick. The shared memory is there already. */
function buildUpstream(): number {
  const table = SharedTable.create(SHAPE);
  return timeEach(20_000, () => {
    const upstream = emptyUpstream(table, { algorithm: "round_robin" });
    SPECS.forEach((spec, index) => upstream.addServer(new SharedBackend(spec, index, table)));
  });
}

/** From the first connection attempt until all five have passed, as at the start of Weir. */
async function checkHealth(): Promise<number> {
  const listeners = Array.from(
    { length: BACKENDS },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  const connect = probeTcp(denoTransport, { type: "tcp" });
  const done = Promise.withResolvers<void>();
  let left = BACKENDS;
  using running = new RunningTime(systemClock);
  using checker = new HealthChecker({ clock: systemClock, random: Math.random, running });
  const begin = performance.now();
  for (const { addr: { port } } of listeners) {
    checker.watch({
      address: { kind: "tcp", hostname: "127.0.0.1", port },
      probe: async (address, signal) => {
        await connect(address, signal);
        if (--left === 0) done.resolve();
      },
      detector: new Consecutive({ rise: 2, fall: 3 }),
      intervalMs: 60_000,
      fastIntervalMs: 60_000,
      timeoutMs: 5000,
    }, () => {});
  }
  await done.promise;
  const tookNs = (performance.now() - begin) * 1e6;
  for (const listener of listeners) listener.close();
  return tookNs;
}

/** The median, in a unit that people can read. */
function show(results: readonly number[]): string {
  const sorted = results.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  if (median < 1000) return `${Math.round(median)} ns`;
  if (median < 1e6) return `${(median / 1000).toFixed(1)} µs`;
  return `${(median / 1e6).toFixed(1)} ms`;
}
