/** Stands where there is nothing to tell. */
export const NOTHING = "–";

/** A number that people compare at a glance: three digits that mean something, `12.3k`. */
export function formatNumber(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return NOTHING;
  const size = Math.abs(value);
  if (size >= 999_500_000) return `${threeDigits(value / 1e9)}G`;
  if (size >= 999_500) return `${threeDigits(value / 1e6)}M`;
  if (size >= 10_000) return `${threeDigits(value / 1e3)}k`;
  if (size >= 1000) return String(Math.round(value));
  return threeDigits(value);
}

/** A duration, from microseconds to hours. */
export function formatMs(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms)) return NOTHING;
  if (ms === 0) return "0 ms";
  if (ms < 0.9995) return `${threeDigits(ms * 1000)} µs`;
  if (ms < 999.5) return `${threeDigits(ms)} ms`;
  if (ms < 59_950) return `${threeDigits(ms / 1000)} s`;
  return formatAge(ms);
}

/** How long ago, or for how long: `45 s`, `12 min`, `3 h 20 min`, `4 d 2 h`. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** An amount of data, with binary units. */
export function formatBytes(bytes: number | undefined): string {
  if (bytes === undefined || !Number.isFinite(bytes)) return NOTHING;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let [value, unit] = [bytes, 0];
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1024;
  return `${threeDigits(value)} ${units[unit]}`;
}

/** A part of a whole. @param part 0 to 1 */
export function formatShare(part: number | undefined): string {
  if (part === undefined || !Number.isFinite(part)) return NOTHING;
  const percent = part * 100;
  // 0 % and 100 % mean none and all.
  if (percent > 0 && percent < 0.1) return "< 0.1 %";
  if (percent < 100 && percent > 99.9) return "> 99.9 %";
  return `${percent.toFixed(percent > 0 && percent < 100 ? 1 : 0)} %`;
}

/** The time of day, where the browser is. @param seconds since 1970 */
export function formatClock(seconds: number): string {
  const date = new Date(seconds * 1000);
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

function threeDigits(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 0.01) return value > 0 ? "< 0.01" : "> -0.01";
  const digits = size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
  const text = value.toFixed(digits);
  return digits === 0 ? text : text.replace(/\.?0+$/, "");
}
