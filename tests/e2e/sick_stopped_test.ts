import { assertEquals, assertLess } from "@std/assert";
import { STOPPED, STOPPED_CHECKED } from "../support/sick_cases.ts";
import { runSick } from "../support/sick_run.ts";

// Its kernel accepts for it, so a connection that was made says nothing.

Deno.test("a stopped backend is ejected when five answers are late, and comes back once continued", async () => {
  const { by, quietMs, requests, failed, slow, backMs } = await runSick(STOPPED);

  assertEquals([by, failed], ["ejection", 0]);
  assertLess(quietMs, 5000);
  // Those that met it, and nearly as many again for a slow machine.
  assertLess(slow, requests / 3);
  assertLess(backMs!, 15_000);
});

Deno.test("a stopped backend is found by checks that want an answer, and comes back by them", async () => {
  const { by, quietMs, failed, backMs } = await runSick(STOPPED_CHECKED);

  assertEquals([by, failed], ["health check", 0]);
  assertLess(quietMs, 6000);
  assertLess(backMs!, 15_000);
});
