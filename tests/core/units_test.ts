import { assertEquals, assertThrows } from "@std/assert";
import { formatDuration, parseDuration } from "../../lib/core/units.ts";

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
