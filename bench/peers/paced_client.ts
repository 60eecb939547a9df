/**
 * Sends requests at a given rate, however fast the answers come. Runs as a process of its own:
 *
 *     paced_client.ts paced PORT REQUESTS_PER_SECOND SECONDS
 *
 * Arrivals are random (Poisson), over a fixed set of keep-alive connections taken in turn. Latency
 * runs from the sending to the last byte of the answer, or, when every connection is busy, from
 * the moment at which the request should have been sent: a subject that stalls does not get away
 * with fewer requests. What is due is sent at every answer and at every tick of the pacer, which
 * come 0.1 to 0.3 ms apart: that late the requests are, for every subject alike.
 */
import { setImmediate } from "node:timers";
import { ANSWER, exchange, readSome } from "./clients.ts";
import { note, printLine } from "./output.ts";

/** Result of a paced run. */
export interface PacedResult {
  /** Answered requests per second. */
  readonly rate: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** Share of requests that no connection was free for: that was no half load. */
  readonly waited: number;
}

const CONNECTIONS = 64;
/** Before this, the client itself is not compiled and the subject not used to the pace. */
const WARM_UP_MS = 1000;
/** What is not answered then is lost. */
const ANSWER_TIMEOUT_MS = 10_000;

const REQUEST = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: bench\r\n\r\n");
const ENDING = new TextEncoder().encode(ANSWER);
const STATUS = new TextEncoder().encode("HTTP/1.1 200 ");

/** A keep-alive connection with room for one answer. */
interface Lane {
  readonly conn: Deno.Conn;
  readonly buffer: Uint8Array;
}

/** Requests on a schedule. */
class PacedLoad {
  readonly latenciesMs: number[] = [];
  readonly #lanes: Lane[];
  readonly #count: number;
  readonly #meanGapMs: number;
  readonly #end = Promise.withResolvers<void>();
  /** When the requests that no lane was free for were due. */
  readonly #waiting: number[] = [];
  waited = 0;
  #countFrom = 0;
  #dueAt = 0;
  #stopAt = 0;

  constructor(lanes: readonly Lane[], perSecond: number) {
    this.#lanes = [...lanes];
    this.#count = lanes.length;
    this.#meanGapMs = 1000 / perSecond;
  }

  /** Resolves when all that was sent has been answered. */
  async run(measureMs: number): Promise<void> {
    this.#dueAt = performance.now();
    this.#countFrom = this.#dueAt + WARM_UP_MS;
    this.#stopAt = this.#countFrom + measureMs;
    using _pacer = startPacer(() => this.#pump());
    const watchdog = setTimeout(() => this.#giveUp(), WARM_UP_MS + measureMs + ANSWER_TIMEOUT_MS);
    try {
      await this.#end.promise;
    } finally {
      clearTimeout(watchdog);
    }
  }

  /** Sends what is due, as far as lanes are free. */
  #pump(): void {
    const now = performance.now();
    while (this.#dueAt <= now && this.#dueAt < this.#stopAt) {
      this.#waiting.push(now);
      this.#dueAt -= Math.log(1 - Math.random()) * this.#meanGapMs;
    }
    while (this.#waiting.length > 0 && this.#lanes.length > 0) {
      void this.#send(this.#lanes.shift()!, this.#waiting.shift()!);
    }
    if (this.#waiting.length > 0) this.#countWaiting(now);
    const isOver = this.#dueAt >= this.#stopAt && this.#waiting.length === 0;
    if (isOver && this.#lanes.length === this.#count) this.#end.resolve();
  }

  /** Counts those that came due in this turn: the others have been counted. */
  #countWaiting(now: number): void {
    for (let at = this.#waiting.length - 1; at >= 0 && this.#waiting[at] === now; at--) {
      if (now >= this.#countFrom) this.waited++;
    }
  }

  async #send(lane: Lane, startedAt: number): Promise<void> {
    try {
      await ask(lane);
    } catch (error) {
      this.#end.reject(error);
      return;
    }
    if (startedAt >= this.#countFrom) this.latenciesMs.push(performance.now() - startedAt);
    this.#lanes.push(lane);
    this.#pump();
  }

  #giveUp(): void {
    const lost = this.#count - this.#lanes.length + this.#waiting.length;
    this.#end.reject(new Error(`Cannot finish: ${lost} requests unanswered`));
  }
}

/** Calls `tick` several times a millisecond, for as long as nobody disposes of it. */
function startPacer(tick: () => void): Disposable {
  const cell = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(new URL("./pacer.ts", import.meta.url), { type: "module" });
  worker.postMessage(cell);
  let isOver = false;
  const wait = () => {
    const change = Atomics.waitAsync(cell, 0, Atomics.load(cell, 0));
    if (change.async) void change.value.then(next);
    else setImmediate(next);
  };
  const next = () => {
    if (isOver) return;
    tick();
    // Sockets have their turn first: ticks alone could keep the event loop busy.
    setImmediate(wait);
  };
  next();
  return {
    [Symbol.dispose]() {
      isOver = true;
      worker.terminate();
    },
  };
}

async function ask({ conn, buffer }: Lane): Promise<void> {
  // A socket without anything on its way takes thirty bytes whole.
  await conn.write(REQUEST);
  let filled = 0;
  do filled += await readSome(conn, buffer.subarray(filled)); while (!hasEnded(buffer, filled));
  if (!matches(buffer, 0, STATUS)) throw new Error(`Cannot use answer: ${text(buffer, filled)}`);
}

function hasEnded(buffer: Uint8Array, filled: number): boolean {
  if (filled === buffer.length) throw new Error(`Cannot use answer: ${text(buffer, filled)}`);
  return matches(buffer, filled - ENDING.length, ENDING);
}

function matches(buffer: Uint8Array, offset: number, wanted: Uint8Array): boolean {
  for (let at = 0; at < wanted.length; at++) if (buffer[offset + at] !== wanted[at]) return false;
  return true;
}

function text(buffer: Uint8Array, filled: number): string {
  return new TextDecoder().decode(buffer.subarray(0, filled));
}

async function openLane(port: number): Promise<Lane> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  conn.setNoDelay();
  await exchange(conn);
  return { conn, buffer: new Uint8Array(1024) };
}

function quantileUs(sortedMs: Float64Array, share: number): number {
  return (sortedMs[Math.ceil(sortedMs.length * share) - 1] ?? NaN) * 1000;
}

async function main([, ...rest]: readonly string[]): Promise<number> {
  const [port = 0, perSecond = 0, seconds = 0] = rest.map(Number);
  try {
    const lanes = await Promise.all(Array.from({ length: CONNECTIONS }, () => openLane(port)));
    const load = new PacedLoad(lanes, perSecond);
    await load.run(seconds * 1000);
    const sorted = Float64Array.from(load.latenciesMs).sort();
    const result: PacedResult = {
      rate: sorted.length / seconds,
      p50Us: quantileUs(sorted, 0.5),
      p99Us: quantileUs(sorted, 0.99),
      waited: load.waited / sorted.length,
    };
    printLine(JSON.stringify(result));
    return 0;
  } catch (error) {
    note(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
