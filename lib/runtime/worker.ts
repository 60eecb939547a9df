/**
 * Entry of a data plane thread. It is started with the network permissions that the configuration
 * names and no others, and everything it needs arrives in the first message.
 *
 * @module
 */
import { LineBatch } from "../access/line_batch.ts";
import { GuardTable } from "../core/guard_table.ts";
import { SharedTable } from "../core/shared_table.ts";
import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/log.ts";
import { RingQueue } from "../ds/ring_queue.ts";
import { MetricTable } from "../metrics/metric_table.ts";
import { denoTransport } from "../net/deno_transport.ts";
import { traceLine } from "../tracing/trace_line.ts";
import type { TraceRecord } from "../tracing/trace_record.ts";
import { DataPlane, type Plan } from "./data_plane.ts";
import { giveBackMemory } from "./give_back_memory.ts";
import { ListenError } from "./listen_error.ts";
import { RingLogger } from "./log_ring.ts";
import { RateLimits } from "./rate_limits.ts";
import { sharedClock } from "./shared_clock.ts";
import { SharedLimits } from "./shared_limits.ts";
import { takeAwayGlobals } from "./thread_globals.ts";
import type {
  FromWorker,
  PlanMessage,
  RunTimeChanges,
  StartMessage,
  ToWorker,
} from "./messages.ts";

/** The part of a worker's global scope that is used here; the DOM types of it are not loaded. */
interface WorkerScope extends EventTarget {
  postMessage(message: FromWorker): void;
}
const scope = globalThis as unknown as WorkerScope;

/** One data plane thread: does what the supervisor says. */
class WorkerThread {
  #plane: DataPlane | undefined;
  #log: RingLogger | undefined;
  #lines: LineBatch | undefined;
  #traces: LineBatch | undefined;
  #clock = () => performance.now();

  onMessage(message: ToWorker): void {
    switch (message.type) {
      case "start":
        return this.#start(message);
      case "health":
      case "ejection":
      case "warm_up":
      case "override":
        return this.#plane?.hear(message);
      case "log_level":
        return this.#log?.setLevel(message.level);
      case "prepare":
        return this.#prepare(message.plan);
      case "commit":
        return this.#commit(message);
      case "cancel":
        return this.#plane?.cancel();
      case "release_unix":
        this.#plane?.releaseUnix();
        return scope.postMessage({ type: "released" });
      case "retire":
        // Never rejects.
        return void this.#retire();
      case "cut":
        return this.#plane?.cut(message.backends);
      case "certificates":
        return this.#plane?.replaceCertificates(message.listener, message.certificates);
      case "drain":
        // Never rejects.
        return void this.#drain();
      case "abort":
        return this.#plane?.abort();
    }
  }

  #start(message: StartMessage): void {
    const { worker, opensUnix, shape, logRing, logLevel, logLevels, overrides } = message;
    const { hopPorts, accessRing, traceRing, wallOffsetMs } = message;
    const table = new SharedTable(message.table, shape);
    const guards = new GuardTable(message.guards, shape);
    const metrics = new MetricTable(message.metrics, shape.workers);
    const log = new RingLogger(new RingQueue(logRing), logLevel, logLevels);
    this.#log = log;
    this.#clock = sharedClock(wallOffsetMs);
    keepAlive(log);
    setInterval(() => table.beat(worker), BEAT_MS);
    const now = () => performance.now();
    const { random } = Math;
    const transport = denoTransport;
    const lines = batchFor(new RingQueue(accessRing));
    const traces = batchFor(new RingQueue(traceRing));
    this.#lines = lines;
    this.#traces = traces;
    const trace = (record: TraceRecord) => traces.add(traceLine(record));
    const tables = { table, guards, metrics };
    const parts = { ...tables, worker, opensUnix, hopPorts, overrides, lines, trace };
    try {
      this.#plane = new DataPlane({
        ...this.#read(message.plan),
        ...parts,
        transport,
        now,
        random,
        log,
      });
    } catch (error) {
      if (!(error instanceof ListenError)) throw error;
      const { listener, message: reason } = error;
      return scope.postMessage({ type: "listen_failed", listener, reason });
    }
    // Before the first client, whom it would keep waiting.
    giveBackMemory();
    // Ends when the listeners close; the connections are waited for by `#drain`.
    void this.#plane.run();
    scope.postMessage({ type: "ready" });
  }

  #read({ config, limits, rates, metricPlan, certificates }: PlanMessage): Plan {
    return {
      config,
      limits: SharedLimits.wrap(config, limits, this.#clock),
      rates: new RateLimits(config, rates, this.#clock),
      metricPlan,
      certificates,
    };
  }

  #prepare(message: PlanMessage): void {
    try {
      this.#plane?.prepare(this.#read(message));
    } catch (error) {
      const { listener } = error instanceof ListenError ? error : {};
      const reason = messageOf(error);
      return scope.postMessage({ type: "refused", reason, ...(listener && { listener }) });
    }
    scope.postMessage({ type: "prepared" });
  }

  #commit({ overrides, logLevel, logLevels = {} }: RunTimeChanges): void {
    this.#plane?.commit(overrides);
    this.#log?.setLevel(logLevel, logLevels);
  }

  async #retire(): Promise<void> {
    await this.#plane?.retire();
    this.#flush();
    scope.postMessage({ type: "drained" });
  }

  async #drain(): Promise<void> {
    await this.#plane?.drain();
    this.#flush();
    scope.postMessage({ type: "drained" });
  }

  #flush(): void {
    this.#lines?.flush();
    this.#traces?.flush();
  }
}

/** One connection's unforeseen error must not take down the thread with all the others. */
function keepAlive(log: Logger): void {
  scope.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    const reason = event instanceof PromiseRejectionEvent ? messageOf(event.reason) : "unknown";
    log.write({ level: "error", message: "Unhandled rejection", fields: { error: reason } });
  });
}

function batchFor(ring: RingQueue): LineBatch {
  const push = (bytes: Uint8Array, lines: number) => ring.push(bytes, lines);
  return new LineBatch(push, (flush) => setTimeout(flush, LINES_WAIT_MS));
}

/** Lines of the access log wait so long for others. */
const LINES_WAIT_MS = 100;
const BEAT_MS = 1000;

takeAwayGlobals();
const thread = new WorkerThread();
scope.addEventListener("message", (event) => {
  if (event instanceof MessageEvent) thread.onMessage(event.data as ToWorker);
});
