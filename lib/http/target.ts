import { type HostName, parseHostName } from "./host.ts";
import { HttpParseError } from "./parse_error.ts";

/** The four forms of RFC 9112 section 3.2. */
export type TargetForm = "origin" | "absolute" | "authority" | "asterisk";

/** A request target, taken apart. */
export interface Target {
  readonly form: TargetForm;
  /** What stands before the query; `*` in asterisk form, empty in authority form. */
  readonly path: string;
  /** What stands after the first `?`; absent when there is none. */
  readonly query: string | undefined;
  /** Present in absolute and authority form. */
  readonly authority: Authority | undefined;
}

/** The server that a target names. */
export interface Authority {
  /** As it was sent. */
  readonly text: string;
  readonly host: HostName;
  /** Port that is meant when none is named. */
  readonly defaultPort: number;
}

/**
 * Takes a target apart. Its bytes have been checked.
 *
 * @throws {HttpParseError} when the target is in no form that `method` may have
 */
export function parseTarget(method: string, target: string): Target {
  if (method === "CONNECT") return parseAuthorityForm(target);
  if (target.charCodeAt(0) === 0x2f) return splitPath("origin", target, undefined);
  if (target === "*") {
    if (method === "OPTIONS") return ASTERISK;
    throw badTarget("asterisk is for OPTIONS only");
  }
  return parseAbsoluteForm(method, target);
}

const ASTERISK: Target = { form: "asterisk", path: "*", query: undefined, authority: undefined };

function parseAuthorityForm(target: string): Target {
  const host = parseHostName(target);
  if (host.port === undefined) throw badTarget("CONNECT needs a host and a port");
  const authority: Authority = { text: target, host, defaultPort: host.port };
  return { form: "authority", path: "", query: undefined, authority };
}

function parseAbsoluteForm(method: string, target: string): Target {
  const schemeEnd = target.indexOf("://");
  const scheme = target.slice(0, Math.max(0, schemeEnd)).toLowerCase();
  if (scheme !== "http" && scheme !== "https") throw badTarget("target is no path and no URL");
  const start = schemeEnd + 3;
  const end = authorityEnd(target, start);
  const text = target.slice(start, end);
  const authority: Authority = {
    text,
    host: parseHostName(text),
    defaultPort: scheme === "http" ? 80 : 443,
  };
  const rest = target.slice(end);
  if (rest === "" && method === "OPTIONS") return { ...ASTERISK, form: "absolute", authority };
  // RFC 9112 section 3.2.1: an empty path is sent as "/".
  return splitPath("absolute", rest.startsWith("/") ? rest : `/${rest}`, authority);
}

function authorityEnd(target: string, start: number): number {
  for (let at = start; at < target.length; at++) {
    const code = target.charCodeAt(at);
    if (code === 0x2f || code === 0x3f) return at;
  }
  return target.length;
}

function splitPath(form: TargetForm, target: string, authority: Authority | undefined): Target {
  const mark = target.indexOf("?");
  if (mark === -1) return { form, path: target, query: undefined, authority };
  return { form, path: target.slice(0, mark), query: target.slice(mark + 1), authority };
}

function badTarget(detail: string): HttpParseError {
  return new HttpParseError(400, "bad_target", detail);
}
