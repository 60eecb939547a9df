import { parseHost } from "../core/address.ts";
import { parseDuration } from "../core/units.ts";
import { field } from "./field.ts";
import { isRecord } from "./substitute.ts";

/** Path of a file of a certificate or key. */
export function pemFile(what: string) {
  const options = { title: "path", wanted: `a path of ${what}, like site.pem` };
  return field({ ...options, json: { type: "string", minLength: 1 } }, (value) => {
    const usable = typeof value === "string" && value !== "" && !value.includes("\0");
    return usable ? value : undefined;
  });
}

/** A name that clients ask for; a wildcard in place of its first label. */
export function serverName() {
  const options = {
    title: "host",
    wanted: "a host name, like example.com or *.example.com",
    json: { type: "string", minLength: 1 },
  };
  return field(options, (value) => {
    if (typeof value !== "string") return undefined;
    const name = value.toLowerCase().replace(/\.$/, "");
    const plain = name.replace(/^\*\./, "");
    // RFC 6066 section 3: a server name is no address.
    if (!/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(plain) || /^[\d.]+$/.test(plain)) return undefined;
    return parseHost(plain) === "" ? undefined : name;
  });
}

/** A protocol of RFC 7301, such as `h2` or `postgresql`. */
export function alpnName() {
  const json = { type: "string", minLength: 1, maxLength: 255 };
  const wanted = "a protocol name of 1 to 255 visible characters, like http/1.1";
  return field({ title: "protocol", wanted, json }, (value) => {
    return typeof value === "string" && /^[\x21-\x7e]{1,255}$/.test(value) ? value : undefined;
  });
}

/** Where clients are sent that came without TLS. `true` is port 443 with status 308. */
export function httpsRedirect() {
  const status = { type: "integer", enum: [...REDIRECT_STATUSES] };
  const port = { type: "integer", minimum: 1, maximum: 65_535 };
  const object = {
    type: "object",
    properties: { port, status },
    additionalProperties: false,
  };
  const options = {
    title: "boolean | mapping",
    wanted: "true, false, or a mapping like { port: 443, status: 308 }",
    json: { anyOf: [{ type: "boolean" }, object] },
  };
  return field(options, (value) => {
    if (value === false || value === "false") return { isOn: false, port: 443, status: 308 };
    if (value === true || value === "true") return { isOn: true, port: 443, status: 308 };
    if (!isRecord(value)) return undefined;
    assertKeys(value, ["port", "status"]);
    const { port = 443, status = 308 } = value;
    if (!isWhole(port, 1, 65_535)) throw new SyntaxError("port must be a number from 1 to 65535");
    if (!REDIRECT_STATUSES.includes(Number(status))) {
      throw new SyntaxError(`status must be one of ${REDIRECT_STATUSES.join(", ")}`);
    }
    return { isOn: true, port: Number(port), status: Number(status) };
  });
}

const REDIRECT_STATUSES: readonly number[] = [301, 302, 307, 308];

/** Strict-Transport-Security (RFC 6797), as the value of the header. */
export function hsts() {
  const object = {
    type: "object",
    properties: {
      max_age: { type: "string" },
      include_subdomains: { type: "boolean" },
      preload: { type: "boolean" },
    },
    required: ["max_age"],
    additionalProperties: false,
  };
  const options = {
    title: "time | mapping",
    wanted: "a time, like 180d, or a mapping like { max_age: 180d, include_subdomains: true }",
    json: { anyOf: [{ type: "string", pattern: "^(\\d+d|(\\d+h)?(\\d+m)?(\\d+s)?)$" }, object] },
  };
  return field(options, (value) => {
    if (typeof value === "string") return `max-age=${seconds(value)}`;
    if (!isRecord(value)) return undefined;
    assertKeys(value, ["max_age", "include_subdomains", "preload"]);
    const { max_age: maxAge, include_subdomains: below = false, preload = false } = value;
    if (typeof maxAge !== "string") throw new SyntaxError("max_age must be a time, like 180d");
    if (typeof below !== "boolean" || typeof preload !== "boolean") {
      throw new SyntaxError("include_subdomains and preload must be true or false");
    }
    const age = seconds(maxAge);
    if (preload && (!below || age < PRELOAD_SECONDS)) {
      throw new SyntaxError("preload needs include_subdomains and a max_age of 365d or more");
    }
    return `max-age=${age}${below ? "; includeSubDomains" : ""}${preload ? "; preload" : ""}`;
  });
}

/** What the lists that browsers ship ask for (hstspreload.org). */
const PRELOAD_SECONDS = 31_536_000;

/** Longer than any duration that a timer can have, so days are read here. */
function seconds(text: string): number {
  const [, days] = /^(\d{1,5})d$/.exec(text) ?? [];
  return days === undefined ? Math.floor(parseDuration(text) / 1000) : Number(days) * 86_400;
}

function isWhole(value: unknown, from: number, to: number): boolean {
  const number = Number(value);
  return Number.isInteger(number) && number >= from && number <= to;
}

function assertKeys(value: Readonly<Record<string, unknown>>, known: readonly string[]): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new SyntaxError(`must have no keys but ${known.join(", ")}`);
}
