import { assertEquals, assertGreater, assertMatch, assertNotMatch } from "@std/assert";
import { HttpBackend } from "../support/http_backend.ts";
import { askOnce } from "../support/http_client.ts";
import { answerOf } from "../support/http_wire.ts";
import { Scenario } from "../support/scenario.ts";
import { eventually } from "../support/wait.ts";

const CHECK = { type: "http", path: "/health", interval: "100ms", timeout: "2s", rise: 1, fall: 1 };

Deno.test("a category with a level of its own tells what the others keep to themselves", async () => {
  let status = 200;
  await using backend = new HttpBackend(() => answerOf(status, "hello"));
  await using scenario = await Scenario.start({
    backends: [backend.address],
    upstream: { health_check: CHECK },
    top: { workers: 1, log: { level: "warning", levels: { health: "info" } } },
  });
  const config = await scenario.config();

  const { done } = await scenario.reload({ ...config, shutdown_timeout: "5s" });
  status = 500;
  await scenario.waitForLog(/warning Backend is down upstream=app/);
  status = 200;
  await scenario.waitForLog(/info Backend is up upstream=app/);

  assertEquals(done, 1);
  assertNotMatch(scenario.weir.stderr.text, /Configuration reloaded/);
  await scenario.reload({ ...config, log: { level: "warning", levels: { config: "info" } } });
  await scenario.waitForLog(/info Configuration reloaded/);
});

Deno.test("threads follow the levels of categories over reloads, and an operator's beside them", async () => {
  await using backend = new HttpBackend(() => answerOf(200, "hello"));
  await using scenario = await Scenario.start({
    backends: [backend.address],
    upstream: { health_check: { type: "none" } },
    top: { workers: 1, log: { level: "error", format: "json" } },
  });
  const told = () =>
    scenario.weir.stderr.text.match(/"category":"proxy","msg":"Connection ended"/g);
  const ask = () => askOnce(scenario.address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const config = await scenario.config();
  const log = { level: "error", format: "json", levels: { proxy: "debug" } };

  await scenario.reload({ ...config, log });
  await eventually("a connection in the log", async () => {
    await ask();
    assertMatch(scenario.weir.stderr.text, /"msg":"Connection ended"/);
  });

  await scenario.send("PUT", "/api/v1/log", { level: "warning" });
  const before = told()?.length ?? 0;
  await eventually("more connections in the log", async () => {
    await ask();
    assertGreater(told()?.length ?? 0, before + 5);
  });
});
