/** Part of a run in which something is wrong. Milliseconds from the start. */
export interface Span {
  readonly fromMs: number;
  /** `Infinity` when it lasts. */
  readonly toMs: number;
}

/** What can be wrong with a backend, all times in milliseconds. */
export type Trouble =
  /** It needs `factor` times as long. */
  | { readonly kind: "slow"; readonly span: Span; readonly factor: number }
  /** As slow, but getting better evenly until it is well after `overMs`. */
  | {
    readonly kind: "cold";
    readonly fromMs: number;
    readonly factor: number;
    readonly overMs: number;
  }
  /** It takes ever longer, evenly up to `factor` times after `overMs`, and then that long. */
  | {
    readonly kind: "ramp";
    readonly span: Span;
    readonly factor: number;
    readonly overMs: number;
  }
  /** It stands still, as a stopped process does: takes connections, and goes on with its work after. */
  | { readonly kind: "hang"; readonly span: Span }
  /** It refuses that share of connections, 0 to 1, at random. */
  | { readonly kind: "loss"; readonly span: Span; readonly share: number }
  /** The balancer itself stands still, not a backend: what happens meanwhile it sees after. */
  | { readonly kind: "pause"; readonly span: Span }
  /** It answers 503 after `answerMs`, whatever is asked. */
  | { readonly kind: "fail-fast"; readonly span: Span; readonly answerMs: number }
  /**
   * It refuses connections. `cuts`: what it was working on is lost; otherwise it finishes that first,
   * as a server does that is told to stop.
   */
  | { readonly kind: "away"; readonly span: Span; readonly cuts: boolean }
  /** Well for `upMs`, gone for `downMs`, and so on; each time it goes it loses its work. */
  | {
    readonly kind: "flap";
    readonly span: Span;
    readonly upMs: number;
    readonly downMs: number;
  };

/** Stands in the place of a backend for trouble of the balancer itself. */
export const BALANCER = -1;

/** One trouble of one backend, or of the balancer. */
export interface Fault {
  /** Its place among the backends, from 0; {@linkcode BALANCER}: none of them. */
  readonly backend: number;
  readonly trouble: Trouble;
}

/** True while connections to the backend are refused. */
export function isAway(troubles: readonly Trouble[], nowMs: number): boolean {
  return troubles.some((trouble) => {
    if (trouble.kind === "away") return isWithin(trouble.span, nowMs);
    if (trouble.kind !== "flap" || !isWithin(trouble.span, nowMs)) return false;
    const { span, upMs, downMs } = trouble;
    return (nowMs - span.fromMs) % (upMs + downMs) >= upMs;
  });
}

/** When the backend next loses what it is working on; `Infinity` when never. */
export function nextCutMs(troubles: readonly Trouble[], nowMs: number): number {
  return troubles.reduce(
    (earliest, trouble) => Math.min(earliest, cutMs(trouble, nowMs)),
    Infinity,
  );
}

function cutMs(trouble: Trouble, nowMs: number): number {
  if (trouble.kind === "away") {
    return trouble.cuts && trouble.span.fromMs > nowMs ? trouble.span.fromMs : Infinity;
  }
  if (trouble.kind !== "flap") return Infinity;
  const { span, upMs, downMs } = trouble;
  const cycle = Math.max(0, Math.floor((nowMs - span.fromMs - upMs) / (upMs + downMs)) + 1);
  const atMs = span.fromMs + cycle * (upMs + downMs) + upMs;
  return atMs < span.toMs ? atMs : Infinity;
}

/** How many times as long work takes that is begun now; 1 when all is well. */
export function slowdown(troubles: readonly Trouble[], nowMs: number): number {
  return troubles.reduce((factor, trouble) => factor * factorOf(trouble, nowMs), 1);
}

function factorOf(trouble: Trouble, nowMs: number): number {
  if (trouble.kind === "slow") return isWithin(trouble.span, nowMs) ? trouble.factor : 1;
  if (trouble.kind === "ramp") {
    return isWithin(trouble.span, nowMs) ? rampFactor(trouble, nowMs) : 1;
  }
  if (trouble.kind !== "cold" || nowMs < trouble.fromMs) return 1;
  const left = 1 - (nowMs - trouble.fromMs) / trouble.overMs;
  return left > 0 ? 1 + (trouble.factor - 1) * left : 1;
}

function rampFactor(
  { span, factor, overMs }: { span: Span; factor: number; overMs: number },
  nowMs: number,
): number {
  return 1 + (factor - 1) * Math.min(1, (nowMs - span.fromMs) / overMs);
}

/** The chance that a connection is refused though the backend is there. */
export function lossOf(troubles: readonly Trouble[], nowMs: number): number {
  let share = 0;
  for (const trouble of troubles) {
    if (trouble.kind === "loss" && isWithin(trouble.span, nowMs)) {
      share = Math.max(share, trouble.share);
    }
  }
  return share;
}

/** When troubles of one kind last, in the order of time. */
export function spansOf(troubles: readonly Trouble[], kind: "hang" | "pause"): readonly Span[] {
  return troubles.flatMap((trouble) => trouble.kind === kind ? [trouble.span] : [])
    .sort((a, b) => a.fromMs - b.fromMs);
}

/** The first moment from `nowMs` on that is in none of the spans, which are in the order of time. */
export function afterSpans(spans: readonly Span[], nowMs: number): number {
  return spans.reduce((ms, span) => isWithin(span, ms) ? span.toMs : ms, nowMs);
}

/** When work is done that begins at `startMs`, outside of all spans, and rests in them. */
export function endOfWork(spans: readonly Span[], startMs: number, workMs: number): number {
  let [atMs, leftMs] = [startMs, workMs];
  for (const { fromMs, toMs } of spans) {
    if (toMs <= atMs || fromMs >= atMs + leftMs) continue;
    leftMs -= Math.max(0, fromMs - atMs);
    atMs = toMs;
  }
  return atMs + leftMs;
}

/**
 * When a fault begins to hurt whoever is sent to its backend, and when it is over. `undefined`: it is
 * no fault of a backend that is to be taken out for it.
 */
export function harmOf({ backend, trouble }: Fault): Span | undefined {
  if (backend === BALANCER || trouble.kind === "cold") return undefined;
  const { span } = trouble;
  if (trouble.kind !== "flap") return span;
  return { fromMs: span.fromMs + trouble.upMs, toMs: span.toMs };
}

/** How long the backend takes to answer with an error; `undefined` when it does its work. */
export function failFastMs(troubles: readonly Trouble[], nowMs: number): number | undefined {
  for (const trouble of troubles) {
    if (trouble.kind === "fail-fast" && isWithin(trouble.span, nowMs)) return trouble.answerMs;
  }
  return undefined;
}

function isWithin(span: Span, nowMs: number): boolean {
  return nowMs >= span.fromMs && nowMs < span.toMs;
}
