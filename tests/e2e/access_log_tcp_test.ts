import { assertEquals } from "@std/assert";
import { awaitLines } from "../support/access_file.ts";
import { ask } from "../support/clients.ts";
import { freeAddress } from "../support/free_port.ts";
import { TempFolder } from "../support/paths.ts";
import { Scenario } from "../support/scenario.ts";
import { answerAtEnd } from "../support/servers.ts";

Deno.test("TCP connections are logged when they have ended, with why", async () => {
  await using folder = await TempFolder.create();
  await using server = answerAtEnd(() => "four");
  const file = `${folder.path}/access.log`;
  await using scenario = await Scenario.start({
    backends: [server.address],
    top: { access_log: { file } },
    upstream: { health_check: { type: "none" } },
  });

  await ask(scenario.address, "question");

  const [line] = await awaitLines(file, 1);
  assertEquals([line?.["bytes_in"], line?.["bytes_out"]], ["question".length, "four".length]);
  assertEquals([line?.["upstream"], line?.["backend"]], ["app", server.address]);
  assertEquals([line?.["end"], line?.["retries"]], ["done", undefined]);
});

Deno.test("TCP connections that no backend takes are logged with the reason", async () => {
  await using folder = await TempFolder.create();
  const file = `${folder.path}/access.log`;
  await using scenario = await Scenario.start({
    backends: [freeAddress()],
    top: { access_log: { file, sample: 0 } },
    upstream: { health_check: { type: "none" } },
  });

  await ask(scenario.address, "question").catch(() => "");

  const [line] = await awaitLines(file, 1);
  assertEquals([line?.["end"], line?.["backend"]], ["no_backend", undefined]);
});
