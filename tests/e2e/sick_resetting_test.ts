import { assertEquals, assertLess } from "@std/assert";
import { RESETTING } from "../support/sick_cases.ts";
import { runSick } from "../support/sick_run.ts";

Deno.test("a backend that begins to reset is ejected, and no client loses a request", async () => {
  const { by, quietMs, attempts, requests, failed } = await runSick(RESETTING);

  assertEquals([by, failed], ["ejection", 0]);
  assertLess(quietMs, 3000);
  // Five that count, those on connections from the pool, and what was on its way: a third is its share.
  assertLess(attempts, requests / 6);
});
