import { parseDuration } from "../core/units.ts";
import { checkNames, explainFraming, isFraming } from "./check_routes.ts";
import type { Item } from "./items.ts";
import { type Finding, showValue } from "./problem.ts";
import { isRecord } from "./substitute.ts";

/** Finds settings of a health check that do not fit together. */
export function checkHealth({ source, path, value: { health_check: check } }: Item): Finding[] {
  if (!isRecord(check)) return [];
  const item: Item = { source, path: [...path, "health_check"], value: check };
  return [
    ...checkBound(item, "type", "tcp", TCP_KEYS),
    ...checkBound(item, "type", "http", HTTP_KEYS),
    ...checkBound(item, "detector", "threshold", ["fall"]),
    ...checkBound(item, "detector", "phi_accrual", ["phi_threshold", "phi_acceptable_pause"]),
    ...checkIntervals(item),
    ...checkHeaders(item),
    ...checkContent(item),
  ];
}

const TCP_KEYS = ["send", "expect"];
const HTTP_KEYS = [
  "method",
  "path",
  "host",
  "headers",
  "expect_status",
  "expect_body",
  "expect_body_regex",
];
const DEFAULTS: Readonly<Record<string, string>> = { type: "tcp", detector: "threshold" };

/** A setting that would do nothing is a misunderstanding. */
function checkBound(
  { source, path, value }: Item,
  key: string,
  wanted: string,
  bound: readonly string[],
): Finding[] {
  const current = value[key] ?? DEFAULTS[key];
  if (current === wanted) return [];
  return bound.filter((name) => value[name] !== undefined).map((name): Finding => {
    const message = `must stand beside ${key} ${wanted}: current ${key} is ${showValue(current)}`;
    return { source, path: [...path, name], at: "key", message };
  });
}

function checkIntervals({ source, path, value }: Item): Finding[] {
  const { fast_interval: fast, interval = "30s" } = value;
  const [fastMs, intervalMs] = [durationOf(fast), durationOf(interval)];
  if (!(fastMs > intervalMs)) return [];
  const message = `must be at most interval, ${interval}: current value is ${showValue(fast)}`;
  return [{ source, path: [...path, "fast_interval"], message }];
}

/** NaN for what the schema refuses. */
function durationOf(value: unknown): number {
  if (typeof value !== "string") return NaN;
  try {
    return parseDuration(value);
  } catch {
    return NaN;
  }
}

function checkHeaders({ source, path, value: { headers } }: Item): Finding[] {
  if (!isRecord(headers)) return [];
  const item: Item = { source, path: [...path, "headers"], value: headers };
  const own = Object.keys(headers).filter((name) => isFraming(name) || isHost(name));
  return [
    ...checkNames(item),
    ...own.map((name): Finding => {
      const message = isHost(name) ? "must not be Host: set host instead" : explainFraming(name);
      return { source, path: [...item.path, name], at: "key", message };
    }),
  ];
}

function isHost(name: string): boolean {
  return name.toLowerCase() === "host";
}

/** An answer to HEAD has no body, so such a check would never pass. */
function checkContent({ source, path, value }: Item): Finding[] {
  if (value["method"] !== "HEAD") return [];
  const keys = ["expect_body", "expect_body_regex"].filter((key) => value[key] !== undefined);
  const message = "must stand beside another method than HEAD, whose answers have no body";
  return keys.map((key): Finding => ({ source, path: [...path, key], at: "key", message }));
}
