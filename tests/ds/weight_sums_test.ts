import { assertEquals } from "@std/assert";
import { firstAbove, gcd, runningSums } from "../../lib/ds/weight_sums.ts";

Deno.test("runningSums() ends each stretch where the next one begins", () => {
  assertEquals([...runningSums([2, 1, 5])], [2, 3, 8]);
  assertEquals([...runningSums([])], []);
});

Deno.test("firstAbove() finds the stretch of each point", () => {
  const ends = runningSums([2, 1, 5, 1]);

  const found = Array.from({ length: 9 }, (_, point) => firstAbove(ends, point));

  assertEquals(found, [0, 0, 1, 2, 2, 2, 2, 2, 3]);
});

Deno.test("gcd() is the greatest common divisor", () => {
  assertEquals([gcd(12, 18), gcd(18, 12), gcd(0, 7), gcd(7, 0), gcd(1, 65_535)], [6, 6, 7, 7, 1]);
});
