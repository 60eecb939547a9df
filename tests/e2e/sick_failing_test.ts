import { assertEquals, assertLess } from "@std/assert";
import { FAILING_BREAKER, FAILING_OUTLIER } from "../support/sick_cases.ts";
import { runSick } from "../support/sick_run.ts";

for (const plan of [FAILING_OUTLIER, FAILING_BREAKER]) {
  Deno.test(`a backend that begins to fail a fifth of requests is found by ${plan.by}`, async () => {
    const { by, quietMs, requests, failed } = await runSick(plan);

    assertEquals(by, plan.by);
    assertLess(quietMs, 6000);
    // All the time it would be a fifth of its share.
    assertLess(failed, requests / plan.backends / 5);
  });
}
