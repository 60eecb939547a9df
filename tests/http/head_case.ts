/** One head and what has to become of it. */
export interface HeadCase {
  readonly name: string;
  /** One character for each byte. */
  readonly bytes: string;
  /** A summary that starts with `ok`, or status and reason of the refusal, or `incomplete`. */
  readonly expected: string;
}

/** Short form of {@linkcode HeadCase}. */
export type HeadRow = readonly [name: string, bytes: string, expected: string];

/** Lines with their CRLFs, and the empty line. */
export function head(...lines: readonly string[]): string {
  return lines.join("\r\n") + "\r\n\r\n";
}

/** A GET with a Host and these fields. */
export function get(...fields: readonly string[]): string {
  return head("GET / HTTP/1.1", "Host: a", ...fields);
}

/** A POST with a Host and these fields. */
export function post(...fields: readonly string[]): string {
  return head("POST / HTTP/1.1", "Host: a", ...fields);
}

/** An answer with these fields. */
export function ok200(...fields: readonly string[]): string {
  return head("HTTP/1.1 200 OK", ...fields);
}

export function toCases(rows: readonly HeadRow[]): HeadCase[] {
  return rows.map(([name, bytes, expected]) => ({ name, bytes, expected }));
}
