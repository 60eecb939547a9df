import { assertEquals, assertLess } from "@std/assert";
import { SWALLOWED } from "../support/sick_cases.ts";
import { runSick } from "../support/sick_run.ts";

Deno.test("a backend whose port begins to swallow packets is ejected, and no client loses a request", async () => {
  const { by, quietMs, attempts, requests, failed } = await runSick(SWALLOWED);

  assertEquals([by, failed], ["ejection", 0]);
  assertLess(quietMs, 5000);
  // Its share would be a third.
  assertLess(attempts, requests / 6);
});
