/**
 * Statuses that are counted each by itself: those that servers usually give, and 499 for a client
 * that went away before its answer began (as NGINX logs it). All others are counted by class, so that
 * no backend can make more series than this.
 */
const EXACT: readonly number[] = [
  ...[101],
  ...[200, 201, 202, 204, 206],
  ...[301, 302, 303, 304, 307, 308],
  ...[400, 401, 403, 404, 405, 406, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417],
  ...[421, 422, 425, 428, 429, 431, 499],
  ...[500, 501, 502, 503, 504, 505],
];
const CLASSES: readonly string[] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/** Values of the label `code`, by place. */
export const CODES: readonly string[] = [...EXACT.map(String), ...CLASSES];

const HIGHEST = 599;
const PLACES = Uint8Array.from({ length: HIGHEST + 1 }, (_, status) => {
  const exact = EXACT.indexOf(status);
  if (exact !== -1) return exact;
  return EXACT.length + Math.max(0, Math.floor(status / 100) - 1);
});

/**
 * Place of a status in {@linkcode CODES}. What is above 599 is no status (RFC 9110 section 15) and
 * is to be treated like a 5xx.
 */
export function codePlace(status: number): number {
  return PLACES[Math.min(status, HIGHEST)]!;
}
