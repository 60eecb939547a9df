import { assertEquals } from "@std/assert";
import { LogThrottle, passes } from "../../lib/core/log.ts";

Deno.test("LogThrottle.admit() lets one through per period and counts what it held back", () => {
  const throttle = new LogThrottle(1000);

  const admitted = [0, 1, 999, 1000, 1500, 5000, 6000].map((nowMs) => throttle.admit(nowMs));

  assertEquals(admitted, [0, undefined, undefined, 2, undefined, 1, 0]);
});

Deno.test("passes() lets a level through its own threshold and lower ones", () => {
  assertEquals(passes("warning", "info"), true);
  assertEquals(passes("info", "info"), true);
  assertEquals(passes("debug", "info"), false);
  assertEquals(passes("error", "error"), true);
  assertEquals(passes("warning", "error"), false);
});
