import type { Meter } from "../core/types.ts";
import { WheelTimer } from "../ds/timer_wheel.ts";
import type { BufferPool } from "./buffers.ts";
import type { Timeouts } from "./timeouts.ts";
import type { Conn } from "./transport.ts";

/** Why two connections are no longer tied together. */
export type SpliceEnd =
  /** Both sides ended what they had to say, or could not take more. */
  | "done"
  /** The client's side broke. */
  | "client_error"
  /** The backend's side broke. */
  | "server_error"
  /** Nothing moved for too long. */
  | "timeout"
  /** {@linkcode Splice.abort} was called. */
  | "aborted";

/** What a splice takes from its thread and its listener; one object for all of a listener's. */
export interface SpliceOptions {
  readonly buffers: BufferPool;
  readonly timeouts: Timeouts;
  /** Silence allowed before both sides have spoken, and after one has ended. Milliseconds. */
  readonly idleTimeoutMs: number;
  /** Silence allowed once bytes have gone both ways. Milliseconds. */
  readonly tunnelTimeoutMs: number;
}

/** One direction of a splice. */
interface Flow {
  readonly from: Conn;
  readonly to: Conn;
  spoke: boolean;
  ended: boolean;
}

/**
 * Carries bytes between a client and a backend, both ways, until both have ended.
 *
 * Each direction is one loop: a read, then its write, so a slow reader holds back the sender and one
 * buffer at a time. The end of one side's input is relayed as a half-close and the other direction
 * goes on. A write that fails ends only its own direction: the peer may have stopped listening and
 * still be sending its answer. A read that fails ends both.
 */
export class Splice {
  readonly #toServer: Flow;
  readonly #toClient: Flow;
  readonly #meter: Meter;
  readonly #options: SpliceOptions;
  readonly #timer = new WheelTimer((nowMs) => this.#onTimer(nowMs));
  #movedAtMs = 0;
  #end: SpliceEnd | undefined;

  constructor(client: Conn, server: Conn, meter: Meter, options: SpliceOptions) {
    this.#meter = meter;
    this.#options = options;
    this.#toServer = { from: client, to: server, spoke: false, ended: false };
    this.#toClient = { from: server, to: client, spoke: false, ended: false };
  }

  /** Runs to the end and closes both connections. Never rejects. Call it once. */
  async run(): Promise<SpliceEnd> {
    this.#setTimer();
    this.#movedAtMs = this.#options.timeouts.nowMs;
    // Both never reject. One after the other waits for both, for half the memory of `Promise.all`.
    const request = this.#pump(this.#toServer);
    await this.#pump(this.#toClient);
    await request;
    this.#finish("done");
    return this.#end ?? "done";
  }

  /** Closes both connections now. */
  abort(): void {
    this.#finish("aborted");
  }

  async #pump(flow: Flow): Promise<void> {
    const { buffers } = this.#options;
    const small = buffers.takeSmall();
    let buffer = small;
    let writing = false;
    try {
      for (;;) {
        const length = await flow.from.read(buffer);
        if (length === null) break;
        writing = true;
        const full = length === buffer.length ? buffer : buffer.subarray(0, length);
        let written = await flow.to.write(full);
        this.#moved(flow, written);
        while (written < length) written += await this.#writeMore(flow, full.subarray(written));
        writing = false;
        buffer = this.#nextBuffer(buffer, length, small);
      }
      writing = true;
      await this.#relayEnd(flow);
    } catch (error) {
      // Which call failed says which side broke; its error adds nothing else that matters here.
      if (!writing && isCutTls(error)) await this.#relayEnd(flow);
      else if (!writing) this.#finish(flow === this.#toServer ? "client_error" : "server_error");
    } finally {
      if (buffer !== small) buffers.giveLarge(buffer);
      buffers.giveSmall(small);
    }
    this.#endFlow(flow);
  }

  /**
   * A read that filled its buffer has left more behind: the next one gets a larger buffer. One that
   * did not has drained the socket, so the wait that follows is done with the small one, and an idle
   * connection never holds a large buffer.
   */
  #nextBuffer(buffer: Uint8Array, length: number, small: Uint8Array): Uint8Array {
    const { buffers } = this.#options;
    if (length < buffer.length) {
      if (buffer !== small) buffers.giveLarge(buffer);
      return small;
    }
    const larger = buffers.takeLarger(buffer.length);
    if (buffer !== small) buffers.giveLarge(buffer);
    return larger;
  }

  /** Each part that a slow reader takes counts as movement. */
  async #writeMore(flow: Flow, rest: Uint8Array): Promise<number> {
    const written = await flow.to.write(rest);
    this.#moved(flow, written);
    return written;
  }

  #moved(flow: Flow, bytes: number): void {
    flow.spoke = true;
    this.#movedAtMs = this.#options.timeouts.nowMs;
    if (flow === this.#toServer) this.#meter.toServer(bytes);
    else this.#meter.toClient(bytes);
  }

  /** The second direction to end is closed with everything else, which sends the same FIN. */
  async #relayEnd(flow: Flow): Promise<void> {
    if (this.#isLast(flow)) return;
    try {
      await flow.to.closeWrite();
    } catch {
      // It takes no more already, which is the same.
    }
  }

  #isLast(flow: Flow): boolean {
    return (flow === this.#toServer ? this.#toClient : this.#toServer).ended;
  }

  #endFlow(flow: Flow): void {
    flow.ended = true;
    this.#movedAtMs = this.#options.timeouts.nowMs;
    // A tunnel that has become half a tunnel has less time from here on.
    this.#setTimer();
  }

  #limitMs(): number {
    const { idleTimeoutMs, tunnelTimeoutMs } = this.#options;
    const halfOpen = this.#toServer.ended || this.#toClient.ended;
    const isTunnel = this.#toServer.spoke && this.#toClient.spoke && !halfOpen;
    return isTunnel ? tunnelTimeoutMs : idleTimeoutMs;
  }

  #setTimer(): void {
    // Also when it was aborted before it ran: nothing would ever cancel the timer.
    if (this.#end !== undefined) return;
    this.#options.timeouts.schedule(this.#timer, this.#limitMs());
  }

  #onTimer(nowMs: number): void {
    const leftMs = this.#movedAtMs + this.#limitMs() - nowMs;
    if (leftMs <= 0) this.#finish("timeout");
    else this.#options.timeouts.schedule(this.#timer, leftMs);
  }

  #finish(end: SpliceEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#options.timeouts.cancel(this.#timer);
    this.#toServer.from.close();
    this.#toServer.to.close();
  }
}

/**
 * Many end TLS by closing the socket, without the word that RFC 8446 section 6.1 wants. Who carries
 * bytes cannot tell that from a cut, and what the bytes mean says it to those who speak it.
 */
function isCutTls(error: unknown): boolean {
  return error instanceof Deno.errors.UnexpectedEof;
}
