import { LbError, messageOf } from "../core/errors.ts";
import type { Backend } from "../core/types.ts";
import { WheelTimer } from "../ds/timer_wheel.ts";
import { TlsFailure } from "../net/backend_tls_failure.ts";
import type { Conn } from "../net/transport.ts";
import type { Beginning } from "./opening.ts";
import type { ThreadParts } from "./tcp_route.ts";

/** One connection being opened, with a deadline. */
export class Connecting {
  readonly #thread: ThreadParts;
  readonly #beginning: Beginning | undefined;
  #deadline: AbortController | undefined;
  #aborted = false;

  /** @param beginning absent: nothing before the first byte of whoever uses it */
  constructor(thread: ThreadParts, beginning?: Beginning) {
    this.#thread = thread;
    this.#beginning = beginning;
  }

  /** It was broken off by {@linkcode Connecting.abort}: that says nothing about the backend. */
  get aborted(): boolean {
    return this.#aborted;
  }

  /**
   * The deadline is for all of it, TLS included.
   *
   * @throws {LbError} `connect_refused`, `connect_timeout`, `connect_failed`, `tls_failed` or
   * `out_of_sockets`
   */
  async open({ spec, index }: Backend, timeoutMs: number): Promise<Conn> {
    const { timeouts, aborters, transport, meters, now } = this.#thread;
    const deadline = aborters.take();
    const timer = new WheelTimer(() => deadline.abort());
    this.#deadline = deadline;
    if (this.#aborted) deadline.abort();
    timeouts.schedule(timer, timeoutMs);
    const startMs = now();
    try {
      const options = this.#beginning?.options;
      const conn = await transport.connect(spec.address, deadline.signal, options);
      meters.connected(index, now() - startMs);
      return conn;
    } catch (thrown) {
      if (thrown instanceof LbError) throw this.#told(thrown);
      throw new LbError("connect_failed", messageOf(thrown), { side: "upstream", cause: thrown });
    } finally {
      timeouts.cancel(timer);
      this.#deadline = undefined;
      aborters.give(deadline);
    }
  }

  #told(error: LbError): LbError {
    if (error.cause instanceof TlsFailure) this.#beginning?.onTlsFailure(error);
    return error;
  }

  /** Breaks off what is being opened, now and later. */
  abort(): void {
    this.#aborted = true;
    this.#deadline?.abort();
  }
}
