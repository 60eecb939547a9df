import { assertEquals } from "@std/assert";
import { nearest } from "../../lib/core/suggest.ts";

const KEYS = ["algorithm", "backends", "health_check", "name", "retry"];

const CASES: readonly [word: string, meant: string | undefined][] = [
  ["algoritm", "algorithm"],
  ["algorihtm", "algorithm"],
  ["Backends", "backends"],
  ["backend", "backends"],
  ["healthcheck", "health_check"],
  ["nmae", "name"],
  ["retyr", "retry"],
  ["retries", undefined],
  ["tls", undefined],
  ["", undefined],
  ["x", undefined],
  ["a".repeat(10_000), undefined],
];

for (const [word, meant] of CASES) {
  Deno.test(`nearest() finds ${meant} for "${word.slice(0, 20)}"`, () => {
    assertEquals(nearest(word, KEYS), meant);
  });
}

Deno.test("nearest() prefers the closest candidate over the first", () => {
  assertEquals(nearest("app-2", ["app", "app-1", "app-22", "app-2x", "app-2"]), "app-2");
});

Deno.test("nearest() has no answer without candidates", () => {
  assertEquals(nearest("word", []), undefined);
});
