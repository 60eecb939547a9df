import { parseDuration } from "../core/units.ts";
import { type FlagValues, UsageError } from "./flags.ts";

/** What a number has to be. */
export interface NumberRange {
  readonly min: number;
  readonly max: number;
  /** Halves and the like are no good. */
  readonly whole?: true;
}

/** The text of a flag; `undefined` when it was not given. */
export function textFlag(flags: FlagValues, name: string): string | undefined {
  const value = flags[name];
  return typeof value === "string" ? value : undefined;
}

/** The number that a flag gives. @throws {UsageError} */
export function numberFlag(
  flags: FlagValues,
  name: string,
  range: NumberRange,
): number | undefined {
  const text = textFlag(flags, name);
  return text === undefined ? undefined : readNumber(text, name, range);
}

/** The numbers that a flag gives, with commas between them. @throws {UsageError} */
export function numbersFlag(
  flags: FlagValues,
  name: string,
  range: NumberRange,
): number[] | undefined {
  return textFlag(flags, name)?.split(",").map((text) => readNumber(text, name, range));
}

/** The milliseconds that a flag gives. @throws {UsageError} */
export function durationFlag(
  flags: FlagValues,
  name: string,
  range: { readonly minMs: number },
): number | undefined {
  const text = textFlag(flags, name);
  if (text === undefined) return undefined;
  const durationMs = readDuration(text, name);
  if (durationMs >= range.minMs && durationMs <= MAX_DURATION_MS) return durationMs;
  const wanted = `at least ${range.minMs}ms and at most 24h`;
  throw new UsageError(`--${name} must be ${wanted}: current value is "${text}"`);
}

const MAX_DURATION_MS = 24 * 3_600_000;

function readNumber(text: string, name: string, { min, max, whole }: NumberRange): number {
  const value = /^\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : NaN;
  const isRight = value >= min && value <= max && (whole === undefined || Number.isInteger(value));
  if (isRight) return value;
  const kind = whole ? "a whole number" : "a number";
  throw new UsageError(
    `--${name} must be ${kind} from ${min} to ${max}: current value is "${text}"`,
  );
}

function readDuration(text: string, name: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UsageError(`--${name} ${error.message}: current value is "${text}"`);
  }
}
