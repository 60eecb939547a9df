import { connectTo } from "./clients.ts";
import { within } from "./wait.ts";

/** One request of a {@linkcode SteadyTraffic}. Times in milliseconds. */
export interface Asked {
  /** When it should have been sent; of `performance.now()`. */
  readonly dueMs: number;
  /** From then to the whole answer, or to the failure. */
  readonly latencyMs: number;
  /** Of the answer; 0: there was none. */
  readonly status: number;
  /** Body of the answer: which backend it was. */
  readonly from: string;
}

/** What a {@linkcode SteadyTraffic} is made of. */
export interface TrafficOptions {
  readonly address: string;
  readonly perSecond: number;
  readonly request: string;
  /** Uniform in [0, 1): for arrivals by chance (Poisson). Absent: they are evenly spaced. */
  readonly random?: () => number;
}

/**
 * Requests at a given rate, however fast the answers come, over as many connections as that takes;
 * from 400 on they wait for one.
 * Latency counts from when a request is due, so that nobody gets away with stalling its client.
 */
export class SteadyTraffic implements AsyncDisposable {
  /** Those that are over, in the order of their ends. */
  readonly asked: Asked[] = [];
  readonly #options: TrafficOptions;
  readonly #request: Uint8Array;
  readonly #idle: Lane[] = [];
  /** Requests that wait for a connection. */
  readonly #waiting: (() => void)[] = [];
  #lanes = 0;
  readonly #running = new Set<Promise<void>>();
  readonly #timer: ReturnType<typeof setInterval>;
  #dueMs = performance.now();

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#request = new TextEncoder().encode(options.request);
    this.#timer = setInterval(() => this.#sendDue(), TICK_MS);
  }

  /** Sends no more; resolves once all that was sent is over. */
  async stop(): Promise<readonly Asked[]> {
    clearInterval(this.#timer);
    await Promise.all(this.#running);
    for (const lane of this.#idle.splice(0)) lane[Symbol.dispose]();
    return this.asked;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #sendDue(): void {
    const { perSecond, random } = this.#options;
    const nowMs = performance.now();
    while (this.#dueMs <= nowMs) {
      const run = this.#ask(this.#dueMs);
      this.#running.add(run);
      void run.then(() => this.#running.delete(run));
      const gapMs = 1000 / perSecond;
      this.#dueMs += random === undefined ? gapMs : -gapMs * Math.log(1 - random());
    }
  }

  async #ask(dueMs: number): Promise<void> {
    let [status, from] = [0, ""];
    try {
      const answer = await this.#exchange();
      [status, from] = [answer.status, answer.body];
    } catch {
      // Counted as a request without an answer.
    }
    this.asked.push({ dueMs, latencyMs: performance.now() - dueMs, status, from });
  }

  async #exchange(): Promise<Answer> {
    const lane = await this.#takeLane();
    try {
      const answer = await lane.ask(this.#request);
      if (answer.isLast) this.#drop(lane);
      else this.#idle.push(lane);
      return answer;
    } catch (error) {
      this.#drop(lane);
      throw error;
    } finally {
      this.#waiting.shift()?.();
    }
  }

  async #takeLane(): Promise<Lane> {
    while (this.#idle.length === 0 && this.#lanes >= MOST_LANES) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    this.#lanes++;
    try {
      return await Lane.open(this.#options.address);
    } catch (error) {
      this.#lanes--;
      throw error;
    }
  }

  #drop(lane: Lane): void {
    lane[Symbol.dispose]();
    this.#lanes--;
  }
}

interface Answer {
  readonly status: number;
  readonly body: string;
  /** The connection is of no use any more. */
  readonly isLast: boolean;
}

/** One keep-alive connection. */
class Lane implements Disposable {
  readonly #conn: Deno.Conn;
  readonly #buffer = new Uint8Array(4096);
  readonly #decoder = new TextDecoder();

  private constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  static async open(address: string): Promise<Lane> {
    return new Lane(await connectTo(address));
  }

  async ask(request: Uint8Array): Promise<Answer> {
    // A socket without anything on its way takes so little whole.
    await this.#conn.write(request);
    return await within("an answer", this.#read());
  }

  [Symbol.dispose](): void {
    this.#conn.close();
  }

  async #read(): Promise<Answer> {
    let text = "";
    for (;;) {
      const [head = "", body] = text.split("\r\n\r\n");
      const [, length = ""] = /\r\ncontent-length: (\d+)/i.exec(head) ?? [];
      if (body !== undefined && body.length >= Number(length)) {
        const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
        return { status, body, isLast: /\r\nconnection: close/i.test(head) };
      }
      const count = await this.#conn.read(this.#buffer);
      if (count === null) throw new Error(`Cannot read an answer: input ended after "${text}"`);
      text += this.#decoder.decode(this.#buffer.subarray(0, count), { stream: true });
    }
  }
}

/** More would run over the queue of a listener when its process stands still for a moment. */
const MOST_LANES = 400;
/** Timers of the event loop know whole milliseconds alone. */
const TICK_MS = 2;
