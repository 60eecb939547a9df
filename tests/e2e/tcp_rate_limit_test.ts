import { assertEquals } from "@std/assert";
import { ask } from "../support/clients.ts";
import { Scenario } from "../support/scenario.ts";
import { echo } from "../support/servers.ts";

Deno.test("rate_limit: a TCP connection over it is closed before a backend hears of it", async () => {
  await using backend = echo();
  await using scenario = await Scenario.start({
    backends: [backend.address],
    listener: { rate_limit: { requests: 3, per: "1h" } },
    upstream: { health_check: { type: "none" } },
  });

  const answers: string[] = [];
  // One that is closed at once may be reset under what it sends.
  for (let i = 0; i < 5; i++) answers.push(await ask(scenario.address, "hi").catch(() => ""));

  assertEquals(answers, ["hi", "hi", "hi", "", ""]);
  assertEquals((await scenario.listenerStatus()).rateLimited, 2);
  assertEquals(backend.accepted, 3);
  await scenario.waitForLog(/Connection closed: over the rate limit/);
});
