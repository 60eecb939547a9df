import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { BlackHole } from "../support/black_hole.ts";
import { listenTo } from "../support/clients.ts";
import { Scenario } from "../support/scenario.ts";
import { nameServer } from "../support/servers.ts";

const UNCHECKED = { type: "none" };

Deno.test("a backend that does not answer the connect is given up at connect_timeout", async () => {
  using hole = await BlackHole.open();
  await using answers = nameServer("answers");
  await using scenario = await Scenario.start({
    backends: [hole.address, answers.address],
    upstream: { algorithm: "first", connect_timeout: "300ms", health_check: UNCHECKED },
  });

  const start = performance.now();
  assertEquals(await listenTo(scenario.address), "answers");
  const tookMs = performance.now() - start;

  assertGreater(tookMs, 250);
  assertLess(tookMs, 5000);
  const [first] = await scenario.backendStatus();
  assertEquals(first?.connectFailures, 1);
  assertEquals((await scenario.listenerStatus()).retries, 1);
});

Deno.test("with only such backends the client is closed after one timeout for each", async () => {
  using one = await BlackHole.open();
  using two = await BlackHole.open();
  await using scenario = await Scenario.start({
    backends: [one.address, two.address],
    upstream: { connect_timeout: "300ms", health_check: UNCHECKED },
  });

  const start = performance.now();
  assertEquals(await listenTo(scenario.address), "");
  const tookMs = performance.now() - start;

  assertGreater(tookMs, 550);
  assertLess(tookMs, 5000);
  assertEquals((await scenario.listenerStatus()).noBackend, 1);
});

Deno.test("a check that gets no answer fails at its timeout", async () => {
  using hole = await BlackHole.open();
  await using scenario = await Scenario.start({
    backends: [hole.address],
    upstream: { health_check: { interval: "200ms", timeout: "200ms" } },
  });

  await scenario.waitForLog(/warning Backend is down .*no answer in time/);
});
