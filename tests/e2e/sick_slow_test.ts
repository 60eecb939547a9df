import { assertEquals, assertLess } from "@std/assert";
import { SLOW_AVOIDED, SLOW_LATE, SLOW_LIMITED, TENFOLD_AVOIDED } from "../support/sick_cases.ts";
import { runSick } from "../support/sick_run.ts";

Deno.test("a backend that begins to take two seconds is ejected when that is too late", async () => {
  const { by, quietMs, failed, slow, requests } = await runSick(SLOW_LATE);

  assertEquals(by, "ejection");
  assertLess(quietMs, 4500);
  assertLess(slow, requests / 3);
  // On a machine that is busy others may be late as well.
  assertLess(failed, requests / 20);
});

for (const plan of [SLOW_AVOIDED, SLOW_LIMITED, TENFOLD_AVOIDED]) {
  Deno.test(`a backend that turns slow (${plan.title}) gets little with ${plan.by}`, async () => {
    const { by, attempts, requests, failed } = await runSick(plan);

    assertEquals(by, undefined);
    // A limit turns work away where a busy machine makes all of them slow.
    assertLess(failed, requests / 5);
    // A third is its share; a slow machine makes the others slow as well.
    assertLess(attempts, 0.3 * requests);
  });
}
