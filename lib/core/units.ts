/** Milliseconds in each unit, longest first: the order in which a duration names them. */
const UNITS = [["h", 3_600_000], ["m", 60_000], ["s", 1000], ["ms", 1]] as const;

/**
 * Reads a duration such as `250ms`, `10s`, `5m` or `1h30m` into milliseconds.
 *
 * @throws {SyntaxError} naming what is wanted.
 */
export function parseDuration(text: string): number {
  // Nine digits keep every sum exact: 1e9 hours are still below 2^53 milliseconds.
  const match = /^(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?$/.exec(text);
  if (match === null || text === "") throw new SyntaxError(explainDuration(text));
  return UNITS.reduce((sum, [, sizeMs], index) => sum + Number(match[index + 1] ?? 0) * sizeMs, 0);
}

/** Text form of a whole number of milliseconds: `90000` is `1m30s`. */
export function formatDuration(durationMs: number): string {
  let restMs = durationMs;
  let text = "";
  for (const [unit, sizeMs] of UNITS) {
    const count = Math.floor(restMs / sizeMs);
    if (count > 0) text += `${count}${unit}`;
    restMs -= count * sizeMs;
  }
  return text === "" ? "0s" : text;
}

function explainDuration(text: string): string {
  if (/^\d{1,12}(\.\d{1,12})?$/.test(text)) return `must have a unit, like ${text}s`;
  if (/^[\d.]+\s*[A-Za-z]+$/.test(text) && !/^\d+(h|m|s|ms)$/.test(text)) {
    return "must be whole numbers with the units h, m, s or ms, like 1h30m";
  }
  return "must be a duration, like 250ms, 10s, 5m or 1h30m";
}
