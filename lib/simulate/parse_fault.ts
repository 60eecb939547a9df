import { nearest } from "../core/suggest.ts";
import { parseDuration } from "../core/units.ts";
import { BALANCER, type Fault, type Span, type Trouble } from "./fault.ts";

/** What the words of a fault refer to. */
export interface FaultContext {
  /** How many backends there are. */
  readonly backends: number;
  /** How long requests arrive, in milliseconds: what a percentage is of. */
  readonly durationMs: number;
}

/** One kind of fault as it is written. */
interface Kind {
  readonly name: string;
  /** What it may be told beside the backends: `10x`, `50%`, durations, a whole number. */
  readonly takes: {
    readonly factor?: true;
    readonly share?: true;
    readonly durations?: number;
    readonly count?: true;
  };
  /** Backends when none are named; `none`: it is no fault of backends. */
  readonly backends: "0" | "all" | "none";
  /** It has to be said when it is over. */
  readonly ends?: true;
  readonly example: string;
  readonly meaning: string;
  readonly build: (input: FaultInput) => Fault[];
}

/** A fault in parts. */
interface FaultInput {
  readonly backends: readonly number[];
  readonly factor: number;
  /** 0 to 1. */
  readonly share: number;
  readonly durationsMs: readonly number[];
  readonly count: number;
  readonly span: Span;
  readonly context: FaultContext;
}

/** Every kind of fault, with an example of each. */
export const FAULT_KINDS: readonly Kind[] = [
  {
    name: "slow",
    takes: { factor: true },
    backends: "0",
    example: "slow:0:10x@10s-30s",
    meaning: "backend 0 needs ten times as long",
    build: ({ backends, factor, span }) => each(backends, { kind: "slow", span, factor }),
  },
  {
    name: "ramp",
    takes: { factor: true, durations: 1 },
    backends: "0",
    example: "ramp:0:10x:60s@10s",
    meaning: "it gets slower and slower, for 60s",
    build: ({ backends, factor, durationsMs: [overMs], span, context }) =>
      each(backends, { kind: "ramp", span, factor, overMs: overMs ?? context.durationMs / 2 }),
  },
  {
    name: "cold",
    takes: { factor: true, durations: 1 },
    backends: "0",
    example: "cold:0-2:5x:20s@10s",
    meaning: "0, 1 and 2 start slow and get better over 20s",
    build: ({ backends, factor, durationsMs: [overMs], span, context }) =>
      each(backends, {
        kind: "cold",
        fromMs: span.fromMs,
        factor,
        overMs: overMs ?? context.durationMs / 5,
      }),
  },
  {
    name: "fail-fast",
    takes: { durations: 1 },
    backends: "0",
    example: "fail-fast:0:1ms@10s-30s",
    meaning: "it answers 503 at once; connections are fine",
    build: ({ backends, durationsMs: [answerMs = 1], span }) =>
      each(backends, { kind: "fail-fast", span, answerMs }),
  },
  {
    name: "crash",
    takes: {},
    backends: "0",
    example: "crash:0,3@10s-30s",
    meaning: "0 and 3 lose their work and refuse connections",
    build: ({ backends, span }) => each(backends, { kind: "away", span, cuts: true }),
  },
  {
    name: "hang",
    takes: {},
    backends: "0",
    example: "hang:0@10s-30s",
    meaning: "it takes connections, and does nothing else",
    build: ({ backends, span }) => each(backends, { kind: "hang", span }),
  },
  {
    name: "loss",
    takes: { share: true },
    backends: "0",
    example: "loss:0:50%@10s-30s",
    meaning: "it refuses half of the connections, at random",
    build: ({ backends, share, span }) => each(backends, { kind: "loss", span, share }),
  },
  {
    name: "flap",
    takes: { durations: 2 },
    backends: "0",
    example: "flap:0:5s:2s@10s",
    meaning: "up for 5s, crashed for 2s, and so on",
    build: ({ backends, durationsMs: [upMs = 2000, downMs = upMs], span }) =>
      each(backends, { kind: "flap", span, upMs, downMs }),
  },
  {
    name: "deploy",
    takes: { factor: true, durations: 2, count: true },
    backends: "all",
    example: "deploy:all:5s:5x:10s:2@10s",
    meaning: "two at a time are away for 5s, then cold for 10s",
    build: deploy,
  },
  {
    name: "pause",
    takes: {},
    backends: "none",
    ends: true,
    example: "pause@10s-15s",
    meaning: "Weir itself stands still, as a stopped process does",
    build: ({ span }) => each([BALANCER], { kind: "pause", span }),
  },
];

const WANTED = "KIND:BACKENDS:SETTINGS@FROM-TO";

/**
 * Reads a fault such as `slow:0:10x@10s-30s`. Times may be durations or shares of the run (`25%`).
 *
 * @throws {SyntaxError} naming what is wanted.
 */
export function parseFault(text: string, context: FaultContext): Fault[] {
  const [what = "", when, ...rest] = text.split("@");
  if (rest.length > 0) throw new SyntaxError(`must be ${WANTED}, with one "@"`);
  const [name = "", ...words] = what.split(":");
  const kind = FAULT_KINDS.find((known) => known.name === name);
  if (kind === undefined) throw new SyntaxError(explainKind(name));
  const isNamed = kind.backends !== "none" && words[0] !== undefined && isBackends(words[0]);
  const named = isNamed ? words.shift() : undefined;
  return kind.build({
    backends: parseBackends(named ?? kind.backends, context.backends),
    ...parseSettings(words, kind, context),
    span: parseSpan(when, kind, context),
    context,
  });
}

function parseSettings(words: readonly string[], kind: Kind, context: FaultContext) {
  const { factor: takesFactor, share: takesShare, durations = 0, count: takesCount } = kind.takes;
  const durationsMs: number[] = [];
  let factor: number | undefined;
  let count: number | undefined;
  let share: number | undefined;
  for (const word of words) {
    if (takesFactor && factor === undefined && /^[\d.]+x$/.test(word)) factor = parseFactor(word);
    else if (takesShare && share === undefined && /^[\d.]+%$/.test(word)) share = parseShare(word);
    else if (takesCount && count === undefined && /^[1-9]\d{0,6}$/.test(word)) count = Number(word);
    else if (durationsMs.length < durations) durationsMs.push(parseLength(word, context));
    else throw new SyntaxError(`has "${word}" too much: it must look like ${kind.example}`);
  }
  return { factor: factor ?? 10, share: share ?? 0.5, count: count ?? 1, durationsMs };
}

function parseSpan(when: string | undefined, kind: Kind, context: FaultContext): Span {
  const needsEnd = kind.ends === true && when?.includes("-") !== true;
  if (needsEnd) throw new SyntaxError(`must have an end: it must look like ${kind.example}`);
  if (when === undefined) return { fromMs: 0, toMs: Infinity };
  const [from = "", to, ...rest] = when.split("-");
  if (rest.length > 0) throw new SyntaxError(`must be like ${kind.example}: found "@${when}"`);
  const fromMs = parseTime(from, context);
  const toMs = to === undefined ? Infinity : parseTime(to, context);
  if (toMs <= fromMs) throw new SyntaxError(`must end after it begins: found "@${when}"`);
  return { fromMs, toMs };
}

function parseFactor(word: string): number {
  const factor = Number(word.slice(0, -1));
  if (factor >= 1 && factor <= 1e6) return factor;
  throw new SyntaxError(`must have a factor from 1x to 1000000x: found "${word}"`);
}

function parseShare(word: string): number {
  const share = Number(word.slice(0, -1)) / 100;
  if (share > 0 && share <= 1) return share;
  throw new SyntaxError(`must have a share above 0% and up to 100%: found "${word}"`);
}

/** How long something takes: more than nothing. */
function parseLength(word: string, context: FaultContext): number {
  const lengthMs = parseTime(word, context);
  if (lengthMs > 0) return lengthMs;
  throw new SyntaxError(`must have durations above zero: found "${word}"`);
}

function parseTime(word: string, context: FaultContext): number {
  const [, percent] = /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(word) ?? [];
  if (percent !== undefined) return Number(percent) / 100 * context.durationMs;
  try {
    return parseDuration(word);
  } catch {
    throw new SyntaxError(`must have times like 10s, 500ms or 25%: found "${word}"`);
  }
}

function isBackends(word: string): boolean {
  return word === "all" || /^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(word);
}

function parseBackends(word: string, count: number): number[] {
  if (word === "none") return [];
  if (word === "all") return Array.from({ length: count }, (_, backend) => backend);
  const places = word.split(",").flatMap((part) => {
    const [from = 0, to = from] = part.split("-").map(Number);
    const beyond = Math.max(from, to);
    if (beyond >= count) {
      const range = count === 1 ? "the only backend is 0" : `backends are 0 to ${count - 1}`;
      throw new SyntaxError(`has no backend ${beyond}: ${range}`);
    }
    if (to < from) throw new SyntaxError(`must count upwards: found "${part}"`);
    return Array.from({ length: to - from + 1 }, (_, step) => from + step);
  });
  return [...new Set(places)];
}

function explainKind(name: string): string {
  const names = FAULT_KINDS.map((kind) => kind.name);
  const near = nearest(name, names);
  const hint = near === undefined ? "" : ` (did you mean "${near}"?)`;
  return `must be ${WANTED}, where KIND is one of ${names.join(", ")}${hint}: found "${name}"`;
}

function each(backends: readonly number[], trouble: Trouble): Fault[] {
  return backends.map((backend) => ({ backend, trouble }));
}

/** One group after another goes, comes back after a while, and is cold then. */
function deploy({ backends, factor, durationsMs, count, span, context }: FaultInput): Fault[] {
  const [awayMs = context.durationMs / 20, overMs = awayMs] = durationsMs;
  return backends.flatMap((backend, place): Fault[] => {
    const fromMs = span.fromMs + Math.floor(place / count) * awayMs;
    const backMs = fromMs + awayMs;
    return [
      { backend, trouble: { kind: "away", span: { fromMs, toMs: backMs }, cuts: false } },
      { backend, trouble: { kind: "cold", fromMs: backMs, factor, overMs } },
    ];
  });
}
