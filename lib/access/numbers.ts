/** Three digits each: looking one up is faster than making it. */
const THREE_DIGITS = Array.from({ length: 1000 }, (_, n) => String(n).padStart(3, "0"));

/** Milliseconds with three decimals. Whole numbers below a million are cheap to write; others not. */
export function formatMs(ms: number): string {
  const us = Math.max(0, Math.round(ms * 1000));
  const whole = Math.floor(us / 1000);
  return `${whole}.${THREE_DIGITS[us - whole * 1000]!}`;
}

/** Milliseconds as seconds with three decimals. */
export function formatSeconds(ms: number): string {
  const whole = Math.floor(Math.max(0, ms) / 1000);
  return `${whole}.${THREE_DIGITS[Math.floor(Math.max(0, ms)) - whole * 1000]!}`;
}

/** Moments as text. What is the same for a whole second is made once. */
export class Stamps {
  #second = NaN;
  #iso = "";
  #common = "";

  /** `2026-11-21T09:00:00.123Z` */
  iso(timeMs: number): string {
    const ms = Math.floor(timeMs);
    const second = Math.floor(ms / 1000);
    if (second !== this.#second) this.#take(second);
    return `${this.#iso}${THREE_DIGITS[ms - second * 1000]!}Z`;
  }

  /** `21/Nov/2026:09:00:00 +0000` */
  common(timeMs: number): string {
    const second = Math.floor(timeMs / 1000);
    if (second !== this.#second) this.#take(second);
    return this.#common;
  }

  #take(second: number): void {
    const iso = new Date(second * 1000).toISOString();
    const [date = "", time = ""] = iso.split("T");
    const [year, month, day] = date.split("-");
    this.#second = second;
    this.#iso = iso.slice(0, -4);
    this.#common = `${day}/${MONTHS[Number(month) - 1]}/${year}:${time.slice(0, 8)} +0000`;
  }
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
