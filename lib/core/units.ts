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

/** Bytes in each unit of a size: binary ones by powers of 1024, decimal ones by powers of 1000. */
const SIZES: ReadonlyMap<string, number> = new Map([
  ["B", 1],
  ["KB", 1000],
  ["MB", 1000 ** 2],
  ["GB", 1000 ** 3],
  ["KiB", 1024],
  ["MiB", 1024 ** 2],
  ["GiB", 1024 ** 3],
]);

/**
 * Reads a size such as `32KiB`, `1MB` or `0` into bytes.
 *
 * @throws {SyntaxError} naming what is wanted.
 */
export function parseSize(text: string): number {
  // At most six digits before a unit: every product is exact.
  const match = /^(\d{1,6})([A-Za-z]{1,3})$/.exec(text) ?? /^(\d{1,15})(B)$/.exec(text);
  const unitBytes = SIZES.get(match?.[2] ?? "");
  if (match !== null && unitBytes !== undefined) return Number(match[1]) * unitBytes;
  if (/^0+$/.test(text)) return 0;
  throw new SyntaxError(explainSize(text));
}

/** Text form of a whole number of bytes, exact and in the largest binary unit: `32768` is `32KiB`. */
export function formatSize(sizeBytes: number): string {
  if (sizeBytes === 0) return "0";
  for (const unit of ["GiB", "MiB", "KiB"]) {
    const unitBytes = SIZES.get(unit) ?? 1;
    if (sizeBytes % unitBytes === 0) return `${sizeBytes / unitBytes}${unit}`;
  }
  return `${sizeBytes}B`;
}

function explainSize(text: string): string {
  if (/^\d{1,15}$/.test(text)) return `must have a unit, like ${text}B or ${text}KiB`;
  const [, number = "", unit = ""] = /^(\d{1,6})([A-Za-z]{1,5})$/.exec(text) ?? [];
  const meant = [...SIZES.keys()].find((known) => known.toLowerCase() === unit.toLowerCase()) ??
    SHORT_UNITS.get(unit.toLowerCase());
  if (number !== "" && meant !== undefined) {
    return `must be a size like 32KiB or 1MB (did you mean "${number}${meant}"?)`;
  }
  return "must be a whole number with the unit B, KiB, MiB, GiB, KB, MB or GB, like 32KiB";
}

const SHORT_UNITS: ReadonlyMap<string, string> = new Map([["k", "KiB"], ["m", "MiB"], [
  "g",
  "GiB",
]]);
