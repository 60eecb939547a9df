import { assertEquals, assertLess, assertNotEquals } from "@std/assert";
import { SLOW_AVOIDED, SLOW_LATE, SLOW_LIMITED, TENFOLD_AVOIDED } from "../support/sick_cases.ts";
import { runSick } from "../support/sick_run.ts";

Deno.test("a backend that begins to take two seconds is ejected when that is too late", async () => {
  const { by, quietMs, failed, slow, requests } = await runSick(SLOW_LATE);

  assertEquals([by, failed], ["ejection", 0]);
  assertLess(quietMs, 4000);
  assertLess(slow, requests / 6);
});

for (const plan of [SLOW_AVOIDED, SLOW_LIMITED, TENFOLD_AVOIDED]) {
  Deno.test(`a backend that turns slow (${plan.title}) gets little with ${plan.by}`, async () => {
    const { by, quietMs, attempts, requests, failed } = await runSick(plan);

    assertEquals([by, failed], [undefined, 0]);
    assertNotEquals(quietMs, Infinity);
    // A third is its share.
    assertLess(attempts, requests / 6);
  });
}
