import { assertEquals, assertLess } from "@std/assert";
import { ask } from "../support/clients.ts";
import { HttpBackend } from "../support/http_backend.ts";
import { askOnce } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { answerOf, headOf, statusOf, valueOf } from "../support/http_wire.ts";
import { TempFolder } from "../support/paths.ts";
import { Scenario } from "../support/scenario.ts";
import { echo } from "../support/servers.ts";

/** The test connects from 127.0.0.1. */
const ME = "127.0.0.1";

Deno.test("deny: a connection of a denied client is closed, on every thread", async () => {
  await using backend = echo();
  await using scenario = await Scenario.start({
    backends: [backend.address],
    listener: { allow: ["127.0.0.0/8"], deny: [`::ffff:${ME}`] },
    upstream: { health_check: { type: "none" } },
  });

  const answers: string[] = [];
  for (let i = 0; i < 8; i++) answers.push(await ask(scenario.address, "hi").catch(() => ""));

  assertEquals(new Set(answers), new Set([""]));
  assertEquals([(await scenario.listenerStatus()).denied, backend.accepted], [8, 0]);
  await scenario.waitForLog(/Connection refused: client is not allowed/);
});

Deno.test("allow: a route answers 403 to who is not let in, by the address before proxies", async () => {
  await using backend = new HttpBackend(() => answerOf(200, "in"));
  await using scenario = await startHttp({
    backends: [backend.address],
    listener: {
      trusted_proxies: ["127.0.0.0/8"],
      routes: [{ match: { path: "/office" }, upstream: "app", allow: ["192.0.2.0/24"] }],
    },
  });
  const askFor = async (path: string, ...fields: string[]) => {
    const answer = await askOnce(
      scenario.address,
      headOf(`GET ${path} HTTP/1.1`, "Host: a", ...fields),
    );
    return [statusOf(answer), valueOf(answer, "X-Weir-Reason")];
  };

  assertEquals(await askFor("/office"), [403, "denied"]);
  assertEquals(await askFor("/office", "X-Forwarded-For: 198.51.100.1"), [403, "denied"]);
  assertEquals(await askFor("/office", "X-Forwarded-For: 192.0.2.1"), [200, undefined]);
  assertEquals(await askFor("/"), [200, undefined]);
  assertEquals((await scenario.listenerStatus()).denied, 2);
});

Deno.test("deny_file: 100,000 addresses hold back no start and no connection", async () => {
  await using folder = await TempFolder.create();
  const lines = Array.from({ length: 100_000 }, (_, index) => {
    // Every other address, so that none of them can be joined.
    return `10.${index >> 15 & 255}.${index >> 7 & 255}.${index << 1 & 255}`;
  });
  const deny_file = await folder.write("denied.txt", [...lines, ME].join("\n"));
  const allowed = await folder.write("others.txt", lines.join("\n"));
  await using backend = echo();
  const start = (listener: Record<string, string>) =>
    Scenario.start({ backends: [backend.address], listener });
  const startedMs = performance.now();

  await using denying = await start({ deny_file });
  await using passing = await start({ deny_file: allowed });

  assertLess(performance.now() - startedMs, 15_000);
  assertEquals(await ask(denying.address, "hi").catch(() => ""), "");
  assertEquals(await ask(passing.address, "hi"), "hi");
});
