import { assertEquals, assertThrows } from "@std/assert";
import { formatDuration, formatSize, parseDuration, parseSize } from "../../lib/core/units.ts";

const DURATIONS: readonly [text: string, durationMs: number][] = [
  ["0s", 0],
  ["250ms", 250],
  ["10s", 10_000],
  ["5m", 300_000],
  ["1h30m", 5_400_000],
  ["1h2m3s4ms", 3_723_004],
  ["90s", 90_000],
  ["007s", 7000],
];

for (const [text, durationMs] of DURATIONS) {
  Deno.test(`parseDuration() reads ${text}`, () => {
    assertEquals(parseDuration(text), durationMs);
  });
}

const WRONG_DURATIONS: readonly [text: string, message: string][] = [
  ["30", "must have a unit, like 30s"],
  ["1.5", "must have a unit, like 1.5s"],
  ["", "must be a duration"],
  ["s", "must be a duration"],
  ["-5s", "must be a duration"],
  ["1.5s", "must be whole numbers with the units h, m, s or ms"],
  ["2d", "must be whole numbers with the units h, m, s or ms"],
  ["10 s", "must be whole numbers with the units h, m, s or ms"],
  ["30s1m", "must be a duration"],
  ["1m1m", "must be a duration"],
  ["10S", "must be whole numbers with the units h, m, s or ms"],
  ["9999999999s", "must be a duration"],
  [" 10s", "must be a duration"],
];

for (const [text, message] of WRONG_DURATIONS) {
  Deno.test(`parseDuration() refuses "${text}"`, () => {
    assertThrows(() => parseDuration(text), SyntaxError, message);
  });
}

Deno.test("formatDuration() writes what parseDuration() reads back", () => {
  for (const durationMs of [0, 1, 999, 1000, 61_000, 90_000, 3_600_000, 3_723_004]) {
    assertEquals(parseDuration(formatDuration(durationMs)), durationMs);
  }
});

Deno.test("formatDuration() leaves out units that are zero", () => {
  assertEquals(formatDuration(5_400_000), "1h30m");
  assertEquals(formatDuration(0), "0s");
});

const SIZES: readonly [text: string, sizeBytes: number][] = [
  ["0", 0],
  ["0B", 0],
  ["512B", 512],
  ["32KiB", 32_768],
  ["1MiB", 1_048_576],
  ["2GiB", 2_147_483_648],
  ["1KB", 1000],
  ["1MB", 1_000_000],
  ["3GB", 3_000_000_000],
  ["999999GiB", 999_999 * 1024 ** 3],
  ["123456789012345B", 123_456_789_012_345],
];

for (const [text, sizeBytes] of SIZES) {
  Deno.test(`parseSize() reads ${text}`, () => {
    assertEquals(parseSize(text), sizeBytes);
  });
}

const WRONG_SIZES: readonly [text: string, message: string][] = [
  ["32", "must have a unit, like 32B or 32KiB"],
  ["32K", `must be a size like 32KiB or 1MB (did you mean "32KiB"?)`],
  ["32kb", `(did you mean "32KB"?)`],
  ["32kib", `(did you mean "32KiB"?)`],
  ["1m", `(did you mean "1MiB"?)`],
  ["1.5MB", "must be a whole number with the unit B, KiB, MiB, GiB, KB, MB or GB"],
  ["-1B", "must be a whole number with the unit"],
  ["", "must be a whole number with the unit"],
  ["KiB", "must be a whole number with the unit"],
  ["1 KiB", "must be a whole number with the unit"],
  ["1000000GiB", "must be a whole number with the unit"],
  ["1TB", "must be a whole number with the unit"],
];

for (const [text, message] of WRONG_SIZES) {
  Deno.test(`parseSize() refuses "${text}"`, () => {
    assertThrows(() => parseSize(text), SyntaxError, message);
  });
}

Deno.test("formatSize() writes what parseSize() reads", () => {
  const texts = ["0", "1B", "1000B", "1KiB", "1025B", "32KiB", "5MiB", "1024GiB"];

  assertEquals(texts.map((text) => formatSize(parseSize(text))), texts);
});
