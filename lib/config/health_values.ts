import { field } from "./field.ts";
import type { StatusRange } from "./types.ts";

/** Statuses: `200-399`, `204`, `"200, 204, 300-399"`, or a list of these. */
export function statusRanges() {
  const wanted = "statuses from 100 to 599, like 200-399, 204 or [200, 301-308]";
  const one = [
    { type: "integer", minimum: 100, maximum: 599 },
    { type: "string", pattern: `^\\s*${RANGE}(\\s*,\\s*${RANGE})*\\s*$` },
  ];
  const json = { anyOf: [...one, { type: "array", minItems: 1, items: { anyOf: one } }] };
  return field({ title: "statuses", wanted, json }, (value) => {
    const items = Array.isArray(value) ? value : [value];
    const texts = items.flatMap((item) => typeof item === "string" ? item.split(",") : [item]);
    const ranges = texts.map(parseRange);
    return ranges.length > 0 && ranges.every((range) => range !== undefined) ? ranges : undefined;
  });
}

const RANGE = "[1-5]\\d\\d(\\s*-\\s*[1-5]\\d\\d)?";

function parseRange(value: unknown): StatusRange | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const match = /^\s*([1-5]\d\d)(?:\s*-\s*([1-5]\d\d))?\s*$/.exec(String(value));
  if (match === null) return undefined;
  const from = Number(match[1]);
  const to = Number(match[2] ?? match[1]);
  return from <= to ? [from, to] : undefined;
}

/** Path and query of a request. */
export function requestTarget() {
  const wanted = "a path that starts with /, with or without a query, without spaces";
  // What a request line can hold (RFC 9112 section 3.2.1), in the most that a server takes.
  const pattern = "^/[!$-;=?-Z_a-z~\\[\\]]{0,2047}$";
  const json = { type: "string", pattern };
  return field({ title: "path", wanted, json }, (value) => {
    return typeof value === "string" && new RegExp(pattern).test(value) ? value : undefined;
  });
}

/** The value of a Host field. */
export function hostHeader() {
  const wanted = "a host, like example.com or example.com:8080";
  const pattern = "^([A-Za-z0-9._-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}\\])(:\\d{1,5})?$";
  const json = { type: "string", pattern };
  return field({ title: "host", wanted, json }, (value) => {
    return typeof value === "string" && new RegExp(pattern).test(value) ? value : undefined;
  });
}

/** Text that a check sends, or looks for in an answer. */
export function checkText() {
  const wanted = `text of 1 to ${MAX_CHECK_TEXT} characters`;
  const json = { type: "string", minLength: 1, maxLength: MAX_CHECK_TEXT };
  return field({ title: "text", wanted, json }, (value) => {
    if (typeof value !== "string") return undefined;
    return value.length >= 1 && value.length <= MAX_CHECK_TEXT ? value : undefined;
  });
}

const MAX_CHECK_TEXT = 1024;
