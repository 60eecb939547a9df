import {
  type Address,
  formatAddress,
  parseAddress,
  parseHost,
  type TcpAddress,
} from "../core/address.ts";
import { nearest } from "../core/suggest.ts";
import { parseDuration } from "../core/units.ts";
import { field } from "./field.ts";

/** Timers of the runtime count milliseconds in 31 bits: 24 days is the longest that fits. */
const MAX_DURATION_MS = 24 * 24 * 3_600_000;

/** What names of listeners, upstreams and backends are made of: they stand in logs and metrics. */
export const NAME_PATTERN = /^[^\s\p{C}"'`{}\\]{1,128}$/u;
/** {@linkcode NAME_PATTERN} in words. */
export const NAME_WANTED =
  "1 to 128 printable characters without spaces, quotes, braces or backslashes";

/** {@linkcode NAME_PATTERN} for editors. */
export const NAME_SCHEMA = { type: "string", pattern: "^[^\\s\"'`{}\\\\]{1,128}$" } as const;

/** A duration in milliseconds. */
export function duration(options: { readonly from: "zero" | "above zero" }) {
  const wanted = "a duration, like 250ms, 10s, 5m or 1h30m";
  const json = { type: "string", pattern: "^(\\d+h)?(\\d+m)?(\\d+s)?(\\d+ms)?$", minLength: 2 };
  return field({ title: "duration", wanted, json }, (value) => {
    if (typeof value === "number") return parseDuration(String(value));
    if (typeof value !== "string") return undefined;
    const durationMs = parseDuration(value);
    if (durationMs > MAX_DURATION_MS) throw new SyntaxError("must be at most 576h (24 days)");
    if (durationMs > 0 || options.from === "zero") return durationMs;
    throw new SyntaxError("must be longer than zero");
  });
}

/** A whole number, or text that spells one. */
export function wholeNumber(minimum: number, maximum: number) {
  const range = `${minimum} to ${maximum}`;
  const json = { type: "integer", minimum, maximum };
  return field({ title: range, wanted: `a whole number from ${range}`, json }, (value) => {
    const number = spelledNumber(value);
    return Number.isInteger(number) && number >= minimum && number <= maximum ? number : undefined;
  });
}

/** A number from `minimum` to `maximum`, or text that spells one. */
export function ratio(minimum: number, maximum: number) {
  const range = `${minimum} to ${maximum}`;
  const json = { type: "number", minimum, maximum };
  return field({ title: range, wanted: `a number from ${range}`, json }, (value) => {
    const number = spelledNumber(value);
    return number >= minimum && number <= maximum ? number : undefined;
  });
}

/** A number above zero, or text that spells one. */
export function positiveNumber() {
  const json = { type: "number", exclusiveMinimum: 0 };
  return field({ title: "number", wanted: "a number above 0", json }, (value) => {
    const number = spelledNumber(value);
    return number > 0 && number < Infinity ? number : undefined;
  });
}

/** `true` or `false`, or text that spells one of them. */
export function flag() {
  const options = { title: "boolean", wanted: "true or false", json: { type: "boolean" } };
  return field(options, (value) => {
    if (value === true || value === "true") return true;
    return value === false || value === "false" ? false : undefined;
  });
}

/** How {@linkcode choice} treats words that are not in its list. */
export interface ChoiceOptions<T extends string> {
  /** Other spellings. */
  readonly aliases?: Readonly<Record<string, T>>;
  /** What to add to the message for words that a later version will know. */
  readonly later?: Readonly<Record<string, string>>;
}

/** One of a few words. */
export function choice<const T extends string>(
  words: readonly T[],
  options: ChoiceOptions<T> = {},
) {
  const { aliases = {}, later = {} } = options;
  const quoted = words.map((word) => `"${word}"`);
  const wanted = quoted.length === 1 ? `${quoted[0]}` : `one of ${quoted.join(", ")}`;
  const json = { type: "string", enum: [...words, ...Object.keys(aliases)] };
  return field({ title: words.join(" | "), wanted, json }, (value) => {
    if (typeof value !== "string") return undefined;
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    if (Object.hasOwn(aliases, value)) return aliases[value];
    if (Object.hasOwn(later, value)) throw new SyntaxError(`must be ${wanted}: ${later[value]}`);
    const meant = nearest(value, words);
    if (meant === undefined) return undefined;
    throw new SyntaxError(`must be ${wanted} (did you mean "${meant}"?)`);
  });
}

/** A name of a listener, an upstream or a backend. */
export function name() {
  return field({ title: "name", wanted: NAME_WANTED, json: NAME_SCHEMA }, (value) => {
    return typeof value === "string" && NAME_PATTERN.test(value) ? value : undefined;
  });
}

/** A path of a file that is written to; `null` when there is none. */
export function outputFile() {
  const options = {
    title: "path",
    wanted: "a path of a file, or null",
    json: { anyOf: [{ type: "string", minLength: 1 }, { type: "null" }] },
  };
  return field(options, (value) => {
    if (value === null) return { path: undefined };
    const usable = typeof value === "string" && value !== "" && !value.includes("\0");
    return usable ? { path: value } : undefined;
  });
}

/** Where traces go: the whole URL, with the path that OTLP/HTTP has unless there is another. */
export function collectorUrl() {
  const wanted = "a URL of http or https, like http://127.0.0.1:4318";
  const json = { type: "string", pattern: "^https?://.+" };
  return field({ title: "URL", wanted, json }, (value) => {
    if (typeof value !== "string" || !/^https?:\/\//.test(value)) return undefined;
    const url = URL.parse(value);
    if (url === null || url.username !== "" || url.password !== "") return undefined;
    if (url.pathname === "/") url.pathname = "/v1/traces";
    return url.href;
  });
}

/** What the kernel calls an algorithm; `null` when there is none. */
export function congestionControl() {
  const pattern = "^[a-z0-9_]{1,15}$";
  const options = {
    title: "name",
    wanted: "a name of lower-case letters, digits and _, like bbr, or null",
    json: { anyOf: [{ type: "string", pattern }, { type: "null" }] },
  };
  return field(options, (value) => {
    if (value === null) return { name: undefined };
    const usable = typeof value === "string" && new RegExp(pattern).test(value);
    return usable ? { name: value } : undefined;
  });
}

/** A path or pattern of a file that is read. */
export function inputPattern() {
  const options = { title: "path", wanted: "a path or a pattern, like conf.d/*.yaml" };
  return field({ ...options, json: { type: "string", minLength: 1 } }, (value) => {
    const usable = typeof value === "string" && value !== "" && !value.includes("\0");
    return usable ? value : undefined;
  });
}

/** A path of one file that is read. */
export function inputFile() {
  const options = { title: "path", wanted: "a path of a file" };
  return field({ ...options, json: { type: "string", minLength: 1 } }, (value) => {
    const usable = typeof value === "string" && value !== "" && !value.includes("\0");
    return usable ? value : undefined;
  });
}

/** A number of worker threads. `undefined` inside stands for `auto`. */
export function workers() {
  const options = {
    title: "auto | 1 to 256",
    wanted: `"auto" or a whole number from 1 to 256`,
    json: { anyOf: [{ const: "auto" }, { type: "integer", minimum: 1, maximum: 256 }] },
  };
  return field(options, (value): "auto" | number | undefined => {
    if (value === "auto") return "auto";
    const number = spelledNumber(value);
    return Number.isInteger(number) && number >= 1 && number <= 256 ? number : undefined;
  });
}

/** Where a listener is opened, and how the operator wrote it. */
export function listenAddress() {
  const wanted = "an address, like :8080, 127.0.0.1:8080, [::1]:8080 or unix:/run/weir.sock";
  return address(wanted, (parsed, text) => ({ parsed, text }));
}

/** Where a backend is reached. */
export function backendAddress() {
  const wanted =
    "an address, like 10.0.0.1:8080, [::1]:8080, app.internal:80 or unix:/run/app.sock";
  return address(wanted, (parsed, text) => {
    if (!text.startsWith(":")) return parsed;
    throw new SyntaxError(`must name a host, like 127.0.0.1${text}`);
  });
}

/** Where the admin listener is opened. */
export function adminAddress() {
  return address("an address, like 127.0.0.1:9090", (parsed): TcpAddress => {
    if (parsed.kind === "tcp") return parsed;
    throw new SyntaxError("must be a TCP address, like 127.0.0.1:9090");
  });
}

/** A host without a port. */
export function host() {
  const options = { title: "host", wanted: "a host name or an IP address" };
  return field({ ...options, json: { type: "string", minLength: 1 } }, (value) => {
    if (typeof value !== "string" || value === "") return undefined;
    try {
      return parseHost(value);
    } catch (error) {
      // "10.0.0.1:80" is the usual mistake: the port has a key of its own here.
      if (/:\d+$/.test(value) && isAddress(value)) {
        throw new SyntaxError("must be a host without a port");
      }
      throw error;
    }
  });
}

function address<T>(wanted: string, accept: (parsed: Address, text: string) => T) {
  const json = { type: "string", pattern: "^(unix:/.+|.*:\\d{1,5})$" };
  return field({ title: "address", wanted, json }, (value) => {
    if (typeof value === "number") throw new SyntaxError(`must be ${wanted}`);
    return typeof value === "string" ? accept(parseAddress(value), value) : undefined;
  });
}

function isAddress(text: string): boolean {
  try {
    return formatAddress(parseAddress(text)) !== "";
  } catch {
    return false;
  }
}

function spelledNumber(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && /^-?\d{1,15}(\.\d{1,15})?$/.test(value) ? Number(value) : NaN;
}
