import { parseCidr } from "../core/cidr.ts";
import { formatHost, parseHost } from "../core/address.ts";
import { nearest } from "../core/suggest.ts";
import { formatSize, parseSize } from "../core/units.ts";
import { normalizePath } from "../core/request_path.ts";
import { field } from "./field.ts";
import { explainRegex, MAX_REGEX_LENGTH } from "./regex_check.ts";

/** What names of header fields and cookies are made of (RFC 9110 section 5.6.2). */
export const TOKEN_PATTERN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/;
/** {@linkcode TOKEN_PATTERN} for editors. */
export const TOKEN_SCHEMA = {
  type: "string",
  pattern: "^[!#$%&'*+\\-.^_`|~0-9A-Za-z]{1,256}$",
} as const;

/** A size in bytes. */
export function size(minimum: number, maximum: number) {
  const range = `${formatSize(minimum)} to ${formatSize(maximum)}`;
  const wanted = `a size from ${range}`;
  const text = { type: "string", pattern: "^\\d+([KMG]i?)?B$|^0$" };
  const json = minimum > 0 ? text : { anyOf: [text, { const: 0 }] };
  return field({ title: "size", wanted, json }, (value) => {
    if (typeof value !== "number" && typeof value !== "string") return undefined;
    const sizeBytes = parseSize(String(value));
    return sizeBytes >= minimum && sizeBytes <= maximum ? sizeBytes : undefined;
  });
}

/** A share of a whole, as a number from 0 to 1. */
export function percentage() {
  const json = { type: "string", pattern: "^\\d{1,3}(\\.\\d{1,3})?%$" };
  return field({ title: "percentage", wanted: "a percentage from 0% to 100%", json }, (value) => {
    if (typeof value === "number") {
      const percent = value > 0 && value < 1 ? Math.round(value * 1e5) / 1000 : value;
      throw new SyntaxError(`must be a percentage, like ${percent}%`);
    }
    if (typeof value !== "string" || !/^\d{1,3}(\.\d{1,3})?%$/.test(value)) return undefined;
    const percent = Number(value.slice(0, -1));
    return percent <= 100 ? percent / 100 : undefined;
  });
}

/** The host that a route is for, in lower case: a name, `*.` and a name, or an IP address. */
export function hostPattern() {
  const wanted = "a host, like example.com or *.example.com, without a port";
  const json = { type: "string", minLength: 1 };
  return field({ title: "host", wanted, json }, (value) => {
    if (typeof value !== "string" || value === "") return undefined;
    if (value === "*") throw new SyntaxError("must be left out to match every host");
    const star = value.startsWith("*.") ? "*." : "";
    const rest = value.slice(star.length);
    // A colon that ends in digits after a name without colons is a port; an IPv6 address has more.
    if (/^[^:]*:\d*$|\]:\d*$/.test(rest)) {
      throw new SyntaxError("must be a host without a port: routes match on every port");
    }
    if (rest.includes("*")) throw new SyntaxError('must have "*" only as its first label');
    const host = parseHost(rest);
    if (star !== "" && (host.includes(":") || /^[\d.]+$/.test(host))) return undefined;
    return star + formatHost(host).toLowerCase().replace(/\.$/, "");
  });
}

/** A path that requests are compared with, in its normal form. */
export function matchPath() {
  return pathField((path) => normalizePath(escapeOthers(path)));
}

/** A path that is cut off or put in front, as it is written. */
export function prefixPath() {
  return pathField((path) => {
    if (/\/\.{1,2}(\/|$)/.test(path)) throw new SyntaxError('must have no segment "." or ".."');
    if (path.includes("//")) throw new SyntaxError('must have no empty segment "//"');
    return escapeOthers(path);
  });
}

function pathField(read: (path: string) => string) {
  const json = { type: "string", pattern: "^/[^?#]*$" };
  return field({ title: "path", wanted: "a path that starts with /", json }, (value) => {
    if (typeof value !== "string") return undefined;
    if (/[?#]/.test(value)) throw new SyntaxError('must be a path without "?" and "#"');
    if (/\p{Cc}/u.test(value)) throw new SyntaxError("must have no control characters");
    if (!value.startsWith("/")) return undefined;
    if (/%(?![\da-f]{2})/i.test(value)) {
      throw new SyntaxError('must have two hexadecimal digits after every "%"');
    }
    return read(value);
  });
}

/** What no request line may hold is compared and sent percent-encoded. */
function escapeOthers(path: string): string {
  const encoded = path.toWellFormed().replace(/[^\x21-\x7e]+/g, encodeURIComponent);
  return encoded.replace(/["<>\\^`{|}]/g, encodeURIComponent);
}

/** The source of a regular expression. */
export function regex() {
  const wanted = "a regular expression";
  const json = { type: "string", minLength: 1, maxLength: MAX_REGEX_LENGTH };
  return field({ title: "regex", wanted, json }, (value) => {
    if (typeof value !== "string" || value === "") return undefined;
    const problem = explainRegex(value);
    if (problem === undefined) return value;
    throw new SyntaxError(problem);
  });
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];

/** A method of HTTP. Methods tell upper from lower case. */
export function method() {
  const wanted = "a method in capitals, like GET";
  const json = { type: "string", pattern: "^[A-Z][A-Z0-9_-]*$" };
  return field({ title: "method", wanted, json }, (value) => {
    if (typeof value !== "string") return undefined;
    const upper = value.toUpperCase();
    if (/^[A-Z][A-Z0-9_-]{0,63}$/.test(value) && nearMiss(value) === undefined) return value;
    const meant = METHODS.includes(upper) ? upper : nearest(upper, METHODS);
    if (meant === undefined) return undefined;
    throw new SyntaxError(`must be ${wanted} (did you mean "${meant}"?)`);
  });
}

/** Extension methods are right too, but not those that are one slip away from a standard one. */
function nearMiss(method: string): string | undefined {
  const isKnown = METHODS.includes(method) || EXTENSIONS.has(method);
  return isKnown || method.length < 4 ? undefined : nearest(method, METHODS);
}

/** Registered methods (WebDAV and UPnP among them) that look like slips of the finger. */
const EXTENSIONS: ReadonlySet<string> = new Set(["LOCK", "MOVE", "COPY", "PURGE", "LINK", "QUERY"]);

/** The name of a header field as it is written. */
export function fieldName() {
  const wanted = "a name of a header field, like X-Env";
  return field({ title: "name", wanted, json: TOKEN_SCHEMA }, (value) => {
    return typeof value === "string" && TOKEN_PATTERN.test(value) ? value : undefined;
  });
}

/** The value of a header field. */
export function fieldValue() {
  return text({ wanted: "text of printable ASCII characters", pattern: FIELD_VALUE });
}

const FIELD_VALUE = "^([\\x21-\\x7e]([\\t\\x20-\\x7e]{0,4094}[\\x21-\\x7e])?)?$";

/** What a parameter of a query must be, decoded. */
export function queryValue() {
  return text({ wanted: "text", pattern: "^[^\\x00-\\x1f\\x7f]{0,4096}$" });
}

function text({ wanted, pattern }: { wanted: string; pattern: string }) {
  const test = new RegExp(pattern, "u");
  return field({ title: "text", wanted, json: { type: "string", pattern } }, (value) => {
    if (typeof value === "number" || typeof value === "boolean") {
      throw new SyntaxError(`must be text: put it in quotes, like "${value}"`);
    }
    if (typeof value !== "string") return undefined;
    if (/[^\t\x20-\u{10ffff}]|\x7f/u.test(value)) {
      throw new SyntaxError("must have no control characters");
    }
    if (wanted !== "text" && /^[ \t]|[ \t]$/.test(value)) {
      throw new SyntaxError("must have no spaces around it");
    }
    return test.test(value) ? value : undefined;
  });
}

const REDIRECTS = [301, 302, 303, 307, 308];

/** The status of a redirect. */
export function redirectStatus() {
  const wanted = `one of ${REDIRECTS.join(", ")}`;
  const json = { type: "integer", enum: REDIRECTS };
  return field({ title: REDIRECTS.join(" | "), wanted, json }, (value) => {
    return REDIRECTS.find((status) => status === value || String(status) === value);
  });
}

/** Where a redirect leads to. */
export function location() {
  const wanted = "a URL, like https://example.com/new, or a path that starts with /";
  const json = { type: "string", pattern: "^(/|[A-Za-z][A-Za-z0-9+.-]*:)" };
  return field({ title: "URL", wanted, json }, (value) => {
    if (typeof value !== "string") return undefined;
    // A header field carries it: no spaces, no control characters, nothing beyond ASCII.
    if (!/^[\x21-\x7e]{1,2048}$/.test(value)) return undefined;
    return /^(\/|[a-z][a-z0-9+.-]*:)/i.test(value) ? value : undefined;
  });
}

/** The content of an answer. */
export function bodyText() {
  const wanted = "text of at most 1 MiB";
  return field({ title: "text", wanted, json: { type: "string" } }, (value) => {
    return typeof value === "string" && value.length <= 1024 * 1024 ? value : undefined;
  });
}

/** A block of IP addresses, as it is written. */
export function cidr() {
  const wanted = "an IP address or a block, like 10.0.0.0/8 or fd00::/8";
  const json = { type: "string", pattern: "^[0-9A-Fa-f:.]+(/\\d{1,3})?$" };
  return field({ title: "CIDR", wanted, json }, (value) => {
    if (typeof value !== "string") return undefined;
    parseCidr(value);
    return value;
  });
}

/** The name of a cookie; `null` when there is none. */
export function cookieName() {
  const options = {
    title: "name",
    wanted: "a name of a cookie, like weir, or null",
    json: { anyOf: [TOKEN_SCHEMA, { type: "null" }] },
  };
  return field(options, (value) => {
    if (value === null) return { name: undefined };
    return typeof value === "string" && TOKEN_PATTERN.test(value) ? { name: value } : undefined;
  });
}

/** A secret that nobody guesses. Its value is in no message. */
export function secret() {
  const options = {
    title: "text",
    wanted: "text of at least 16 characters",
    json: { type: "string", minLength: 16 },
    isSecret: true,
  };
  return field(options, (value) => {
    return typeof value === "string" && value.length >= 16 ? value : undefined;
  });
}
