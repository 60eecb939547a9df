import { type Backend, RAMP_STEPS } from "../core/types.ts";

/** Never less than a tenth: with nothing to do a server would not get warm (Envoy's default). */
const FIRST_STEP = RAMP_STEPS / 10;

/**
 * Servers that came back a short while ago: each gets a part of its weight that grows linearly over
 * the window, in steps of a twentieth from a tenth on (HAProxy `slowstart`, Envoy slow start).
 */
export class SlowStart {
  readonly #windowMs: number;
  readonly #onStep: (backend: Backend) => void;
  /** When each of them came back. */
  readonly #warming = new Map<Backend, number>();
  #nextMs = Infinity;

  /** @param onStep told after a server's weight changed by a step */
  constructor(windowMs: number, onStep: (backend: Backend) => void) {
    this.#windowMs = windowMs;
    this.#onStep = onStep;
  }

  /** A server came back; call it before the server gets work. */
  begin(backend: Backend, nowMs: number): void {
    if (this.#windowMs === 0) return;
    this.#warming.set(backend, nowMs);
    backend.ramp = FIRST_STEP;
    this.#nextMs = Math.min(this.#nextMs, this.#stepEnd(nowMs, FIRST_STEP));
  }

  /** A server went down or away: it counts fully again, for when it is used all the same. */
  end(backend: Backend): void {
    if (this.#warming.delete(backend)) backend.ramp = RAMP_STEPS;
  }

  /** Takes the steps that are due. Cheap when none is. */
  advance(nowMs: number): void {
    if (nowMs < this.#nextMs) return;
    this.#nextMs = Infinity;
    for (const [backend, sinceMs] of this.#warming) {
      const step = Math.floor((nowMs - sinceMs) / this.#windowMs * RAMP_STEPS);
      this.#moveTo(backend, Math.min(RAMP_STEPS, Math.max(FIRST_STEP, step)));
      this.#nextMs = Math.min(this.#nextMs, this.#stepEnd(sinceMs, backend.ramp));
    }
  }

  #moveTo(backend: Backend, step: number): void {
    if (step === RAMP_STEPS) this.#warming.delete(backend);
    if (step === backend.ramp) return;
    backend.ramp = step;
    this.#onStep(backend);
  }

  #stepEnd(sinceMs: number, step: number): number {
    return step >= RAMP_STEPS ? Infinity : sinceMs + (step + 1) * this.#windowMs / RAMP_STEPS;
  }
}
