import { isNormal, pathSegments } from "../core/request_path.ts";
import { hasPrefix } from "./match.ts";

/** How a path changes on its way. */
export interface PathRewrite {
  /** Taken off by whole segments, in the form of `normalizePath`. */
  readonly stripPrefix?: string;
  /** Put in front of what is left. */
  readonly addPrefix?: string;
}

/**
 * The path that a backend sees for a path as it came. What is left of it stays as it came, and it
 * always starts with exactly one slash: `//evil` would be read as the name of a server. `*` stays.
 */
export function rewritePath(path: string, { stripPrefix, addPrefix = "" }: PathRewrite): string {
  if (path.charCodeAt(0) !== SLASH) return path;
  const rest = stripPrefix === undefined ? path : strip(path, withoutSlash(stripPrefix));
  const rewritten = withoutSlash(addPrefix) + rest;
  if (rewritten === "") return "/";
  return rewritten.charCodeAt(1) === SLASH ? rewritten.replace(/^\/+/, "/") : rewritten;
}

/** What follows the prefix, or all of the path when it does not lead there. */
function strip(path: string, prefix: string): string {
  if (prefix === "") return path;
  if (isNormal(path)) return hasPrefix(path, prefix) ? path.slice(prefix.length) : path;
  // "/x/../v1/y" is below "/v1": the cut is after the segment that led there for good.
  const wanted = pathSegments(prefix);
  const segments = pathSegments(path);
  const leadsThere = wanted.every(({ text }, index) => segments[index]?.text === text);
  const last = segments[wanted.length - 1];
  return leadsThere && last !== undefined ? path.slice(last.end) : path;
}

function withoutSlash(prefix: string): string {
  return prefix.endsWith("/") ? prefix.replace(/\/+$/, "") : prefix;
}

const SLASH = 0x2f;
