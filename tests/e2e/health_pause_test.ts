import { assertEquals } from "@std/assert";
import { HttpBackend } from "../support/http_backend.ts";
import { answerOf } from "../support/http_wire.ts";
import { Scenario, type Settings } from "../support/scenario.ts";
import { eventually, pause } from "../support/wait.ts";

const DETECTORS: Readonly<Record<string, Settings>> = {
  threshold: { fall: 1 },
  phi_accrual: { detector: "phi_accrual", phi_acceptable_pause: "500ms" },
};

/** Longer than a check may take, and than phi would stay silent. */
const STOPPED_MS = 3000;

for (const [name, detector] of Object.entries(DETECTORS)) {
  Deno.test(`Weir that was stopped for a while takes no backend down with ${name}`, async () => {
    // Slow to answer, so that a check is under way nearly always.
    const slow = async () => {
      await pause(200);
      return answerOf(200, "well");
    };
    await using one = new HttpBackend(slow);
    await using two = new HttpBackend(slow);
    await using scenario = await Scenario.start({
      backends: [one.address, two.address],
      listener: { protocol: "http" },
      upstream: {
        health_check: { type: "http", interval: "50ms", timeout: "1500ms", rise: 1, ...detector },
      },
    });
    const checkMore = async () => {
      const wanted = [one, two].map(({ requests }) => requests.length + 5);
      await eventually("more checks of both", () => {
        const lacking = [one, two].filter(({ requests }, at) => requests.length < wanted[at]!);
        assertEquals(lacking.length, 0);
      });
    };
    await checkMore();

    for (let stop = 0; stop < 2; stop++) {
      scenario.weir.signal("SIGSTOP");
      await pause(STOPPED_MS);
      scenario.weir.signal("SIGCONT");
      await checkMore();
    }

    assertEquals((await scenario.backendStatus()).map(({ up }) => up), [true, true]);
    assertEquals(scenario.weir.stderr.lines(/Backend is down/), []);
  });
}
