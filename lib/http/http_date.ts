/**
 * `Date` value of a moment (RFC 9110 section 5.6.7), such as `Sun, 06 Nov 1994 08:49:37 GMT`.
 *
 * @param epochMs milliseconds since 1970
 */
export function formatHttpDate(epochMs: number): string {
  return new Date(epochMs).toUTCString();
}
