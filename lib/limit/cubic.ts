import { clamp, type Limit, type LimitBounds, type LimitSample } from "./limit.ts";

/** Settings of {@linkcode CubicLimit}. */
export interface CubicOptions extends LimitBounds {
  /** An answer that took longer counts as none. @default {5000} */
  readonly timeoutMs?: number;
}

/** Requests for each second cubed (RFC 9438 section 5.1). */
const C = 0.4;
/** What is left of the window after a drop (RFC 9438 section 4.6). */
const BETA = 0.7;

/**
 * CUBIC (RFC 9438) with a window of requests for one of segments: after a drop the window grows
 * along `w(t) = C(t − K)³ + w_max`, fast at first, slowly near the window at which the drop was, then
 * fast again in search of a new one.
 *
 * Adapted: a drop is a failure, or an answer that took longer than the timeout, and counts once in
 * the time of an answer; there is no slow start, as the window does not begin at nothing, and no
 * region friendly to Reno, as nobody competes with us. As in section 5.8 the window does not grow
 * while it is not used, nor does the time of its curve go on.
 */
export class CubicLimit implements Limit {
  readonly #options: Required<CubicOptions>;
  #current: number;
  #maxWindow: number;
  /** Where the present curve began. */
  #startWindow: number;
  /** When the present curve began; moved on by the time in which the window was not used. */
  #epochMs: number | undefined;
  #lastMs = 0;
  #deafUntilMs = -Infinity;

  constructor(options: CubicOptions) {
    this.#options = { timeoutMs: 5000, ...options };
    this.#current = options.initial;
    this.#maxWindow = options.initial;
    this.#startWindow = options.initial;
  }

  get current(): number {
    return this.#current;
  }

  onSample({ rttMs, inFlight, dropped, nowMs }: LimitSample): void {
    const passedMs = this.#epochMs === undefined ? 0 : nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    this.#epochMs ??= nowMs;
    if (dropped || rttMs > this.#options.timeoutMs) return this.#shrink(rttMs, nowMs);
    if (2 * inFlight < this.#current) {
      this.#epochMs += passedMs;
      return;
    }
    const target = this.#curve((nowMs - this.#epochMs + rttMs) / 1000);
    // At most half as much again in the time of an answer (section 4.2).
    this.#set(Math.max(this.#current, Math.min(target, 1.5 * this.#current)));
  }

  #shrink(rttMs: number, nowMs: number): void {
    // What fails now was sent under the window before the last drop.
    if (nowMs < this.#deafUntilMs) return;
    this.#deafUntilMs = nowMs + rttMs;
    const window = this.#current;
    // Fast convergence (section 4.7): the room is getting less.
    this.#maxWindow = window < this.#maxWindow ? window * (1 + BETA) / 2 : window;
    this.#epochMs = nowMs;
    this.#set(window * BETA);
    this.#startWindow = this.#current;
  }

  #curve(seconds: number): number {
    const k = Math.cbrt(Math.max(0, this.#maxWindow - this.#startWindow) / C);
    return C * (seconds - k) ** 3 + this.#maxWindow;
  }

  #set(window: number): void {
    this.#current = clamp(window, this.#options);
  }
}
