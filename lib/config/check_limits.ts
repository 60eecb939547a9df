import type { Item } from "./items.ts";
import { type Finding, showValue } from "./problem.ts";
import { DEFAULT_CONCURRENCY } from "./schema_limits.ts";
import { isRecord } from "./substitute.ts";

/** A limit lies between its bounds; only what was written can be wrong. */
export function checkConcurrency({ source, path, value: { concurrency } }: Item): Finding[] {
  if (!isRecord(concurrency)) return [];
  const { min = DEFAULT_CONCURRENCY.min, max = DEFAULT_CONCURRENCY.max, initial } = concurrency;
  const at = (key: string, wanted: string, value: unknown): Finding => ({
    source,
    path: [...path, "concurrency", key],
    message: `must be ${wanted}: current value is ${showValue(value)}`,
  });
  if (Number(max) < Number(min)) {
    return concurrency["max"] === undefined
      ? [at("min", `at most max, ${showValue(max)}`, min)]
      : [at("max", `at least min, ${showValue(min)}`, max)];
  }
  if (initial === undefined || (Number(initial) >= Number(min) && Number(initial) <= Number(max))) {
    return [];
  }
  // What is no number at all is for the schema to say.
  if (Number.isNaN(Number(initial) + Number(min) + Number(max))) return [];
  return [at("initial", `from min, ${showValue(min)}, to max, ${showValue(max)}`, initial)];
}
