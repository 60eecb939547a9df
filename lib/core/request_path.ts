/**
 * The path of a request as routes compare it: percent-encoded unreserved characters decoded, the
 * digits of other escapes in upper case, runs of slashes as one, and the segments `.` and `..`
 * resolved (RFC 3986 section 6.2.2). `;` and what follows it stay: servers disagree about them.
 *
 * For comparison only. What goes to a backend is the path as it came.
 */
export function normalizePath(path: string): string {
  if (isNormal(path)) return path;
  const segments = pathSegments(path).map((segment) => segment.text);
  return `/${segments.join("/")}${segments.length > 0 && endsInSlash(path) ? "/" : ""}`;
}

/** True for a path that {@linkcode normalizePath} returns as it is, and for `*`. */
export function isNormal(path: string): boolean {
  if (path.charCodeAt(0) !== SLASH) return true;
  for (let at = 0; at < path.length; at++) {
    const code = path.charCodeAt(at);
    if (code === PERCENT) return false;
    if (code !== SLASH) continue;
    const next = path.charCodeAt(at + 1);
    // A segment that starts with a dot may be harmless: the slow way finds out.
    if (next === SLASH || next === DOT) return false;
  }
  return true;
}

/** A segment that is left when `.` and `..` are resolved. */
export interface PathSegment {
  /** Decoded as by {@linkcode normalizePath}. */
  readonly text: string;
  /** Where it ends in the path as it came. */
  readonly end: number;
}

/** The segments of a path that starts with a slash, empty ones left out. */
export function pathSegments(path: string): PathSegment[] {
  const segments: PathSegment[] = [];
  for (let start = 0; start < path.length;) {
    const slash = path.indexOf("/", start);
    const end = slash < 0 ? path.length : slash;
    const text = decodeUnreserved(path.slice(start, end));
    if (text === "..") segments.pop();
    else if (text !== "" && text !== ".") segments.push({ text, end });
    start = end + 1;
  }
  return segments;
}

/** Does the last segment name a directory, by a slash or by a dot? */
function endsInSlash(path: string): boolean {
  const last = decodeUnreserved(path.slice(path.lastIndexOf("/") + 1));
  return last === "" || last === "." || last === "..";
}

function decodeUnreserved(text: string): string {
  if (!text.includes("%")) return text;
  return text.replace(/%(?:[\da-f]{2})?/gi, (escape) => {
    // A "%" that starts no escape stands for itself. Left alone, it could make one with what follows.
    if (escape === "%") return "%25";
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    return /[\w.~-]/.test(character) ? character : escape.toUpperCase();
  });
}

const SLASH = 0x2f;
const DOT = 0x2e;
const PERCENT = 0x25;
