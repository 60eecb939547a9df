import { assertEquals } from "@std/assert";
import { connectAndReset } from "../support/clients.ts";
import { Scenario } from "../support/scenario.ts";
import { echo } from "../support/servers.ts";
import { eventually } from "../support/wait.ts";

Deno.test("the admin listener survives clients that reset before they are accepted", async () => {
  await using server = echo();
  await using scenario = await Scenario.start({ backends: [server.address] });
  // Stopped, so that all resets are in the accept queue before the first accept.
  scenario.weir.signal("SIGSTOP");
  await connectAndReset(scenario.admin, 5);
  scenario.weir.signal("SIGCONT");

  await eventually("the admin listener to answer", async () => {
    assertEquals(await scenario.readiness(), 200);
  }, 5000);
});
