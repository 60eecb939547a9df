import { assertEquals } from "@std/assert";
import {
  formatAge,
  formatBytes,
  formatMs,
  formatNumber,
  formatShare,
} from "../../../dashboard/format.ts";

Deno.test("formatNumber() gives three digits that mean something", () => {
  const table: readonly (readonly [number | undefined, string])[] = [
    [undefined, "–"],
    [NaN, "–"],
    [0, "0"],
    [0.004, "< 0.01"],
    [0.25, "0.25"],
    [9.999, "10"],
    [12.34, "12.3"],
    [120, "120"],
    [999.6, "1000"],
    [9999, "9999"],
    [12_345, "12.3k"],
    [999_499, "999k"],
    [999_600, "1M"],
    [3_210_000_000, "3.21G"],
  ];
  for (const [value, text] of table) assertEquals(formatNumber(value), text, String(value));
});

Deno.test("formatMs() goes from microseconds to hours", () => {
  const table: readonly (readonly [number | undefined, string])[] = [
    [undefined, "–"],
    [0, "0 ms"],
    [0.25, "250 µs"],
    [0.9999, "1 ms"],
    [12.34, "12.3 ms"],
    [999.9, "1 s"],
    [59_949, "59.9 s"],
    [90_000, "1 min"],
  ];
  for (const [value, text] of table) assertEquals(formatMs(value), text, String(value));
});

Deno.test("formatAge() names the two largest units", () => {
  const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];

  assertEquals(formatAge(-5), "0 s");
  assertEquals(formatAge(45_000), "45 s");
  assertEquals(formatAge(12 * minute), "12 min");
  assertEquals(formatAge(3 * hour + 20 * minute), "3 h 20 min");
  assertEquals(formatAge(4 * day + 2 * hour), "4 d 2 h");
});

Deno.test("formatBytes() has binary units", () => {
  assertEquals(formatBytes(0), "0 B");
  assertEquals(formatBytes(1536), "1.5 KiB");
  assertEquals(formatBytes(5 * 1024 ** 3), "5 GiB");
  assertEquals(formatBytes(undefined), "–");
});

Deno.test("formatShare() says none and all only of none and all", () => {
  assertEquals(formatShare(0), "0 %");
  assertEquals(formatShare(0.0001), "< 0.1 %");
  assertEquals(formatShare(0.125), "12.5 %");
  assertEquals(formatShare(0.9999), "> 99.9 %");
  assertEquals(formatShare(1), "100 %");
  assertEquals(formatShare(undefined), "–");
});
