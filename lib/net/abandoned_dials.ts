/** What {@linkcode AbandonedDials} opens. */
export interface DialTask<C extends Disposable> {
  /** Where it leads, to be counted by. */
  readonly target: string;
  readonly open: () => Promise<C>;
}

/**
 * Puts a deadline to dials that the runtime cannot break off: with `Deno.connectTls` the connect, and
 * with every TLS connection the handshake, since closing one in the middle of it leaves its socket
 * open until the peer says something (Deno 2.9). One that is given up is left to itself, and what
 * comes of it is closed. While {@linkcode MAX_LEFT} to one target hang, another is begun once in
 * {@linkcode TRIAL_MS} only: enough to see that the target is well again, even if those never end.
 */
export class AbandonedDials {
  readonly #now: () => number;
  readonly #left = new Map<string, number>();
  readonly #trialsMs = new Map<string, number>();

  /** @param now monotonic milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Dials to `target` that are still under way though nobody waits for them. */
  count(target: string): number {
    return this.#left.get(target) ?? 0;
  }

  /** @throws {Error} of `open`, or the reason of `signal` once that is aborted */
  async dial<C extends Disposable>(
    { target, open }: DialTask<C>,
    signal: AbortSignal,
  ): Promise<C> {
    signal.throwIfAborted();
    this.#admit(target);
    const late = Promise.withResolvers<never>();
    const onAbort = () => late.reject(signal.reason);
    signal.addEventListener("abort", onAbort);
    const opening = open();
    try {
      return await Promise.race([opening, late.promise]);
    } catch (error) {
      // Never rejects. It may last as long as the peer does.
      if (signal.aborted) void this.#leave(target, opening);
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  #admit(target: string): void {
    const left = this.count(target);
    if (left < MAX_LEFT) return;
    const nowMs = this.#now();
    if (nowMs < (this.#trialsMs.get(target) ?? -Infinity) + TRIAL_MS) {
      throw new Error(`${left} connections before it still hang`);
    }
    this.#trialsMs.set(target, nowMs);
  }

  async #leave(target: string, opening: Promise<Disposable>): Promise<void> {
    this.#add(target, 1);
    try {
      (await opening)[Symbol.dispose]();
    } catch {
      // It has failed, as was to be expected.
    }
    this.#add(target, -1);
  }

  #add(target: string, by: 1 | -1): void {
    const left = this.count(target) + by;
    if (left > 0) return void this.#left.set(target, left);
    this.#left.delete(target);
    this.#trialsMs.delete(target);
  }
}

/** Each holds a descriptor: one backend must not take them all. */
export const MAX_LEFT = 64;
/** Time between two dials while that many hang. */
export const TRIAL_MS = 60_000;
