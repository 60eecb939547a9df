import { assertEquals, assertLess } from "@std/assert";
import { codePlace, CODES } from "../../lib/metrics/codes.ts";

Deno.test("codePlace() counts usual statuses by themselves and others by class", () => {
  for (
    const [status, code] of [
      [200, "200"],
      [299, "2xx"],
      [101, "101"],
      [100, "1xx"],
      [304, "304"],
      [399, "3xx"],
      [418, "4xx"],
      [499, "499"],
      [503, "503"],
      [599, "5xx"],
    ] as const
  ) assertEquals(CODES[codePlace(status)], code);
});

Deno.test("codePlace() has a place for whatever a backend may make up, in few series", () => {
  const codes = new Set<string | undefined>();
  for (let status = 100; status < 1000; status++) codes.add(CODES[codePlace(status)]);

  assertEquals(codes, new Set<string | undefined>(CODES));
  assertEquals(CODES[codePlace(999)], "5xx");
  assertLess(CODES.length, 64);
});
