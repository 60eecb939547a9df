import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parse, stringify } from "@std/yaml";
import { startHttp } from "../support/http_scenario.ts";
import { NamedBackends } from "../support/named_backends.ts";
import type { Scenario, Settings } from "../support/scenario.ts";
import { runWeir } from "../support/weir.ts";

/** Changes the upstream in the file; nobody is told. */
async function edit(scenario: Scenario, changes: Settings): Promise<void> {
  const config = parse(await Deno.readTextFile(scenario.configPath)) as Settings;
  const { app } = config["upstreams"] as { app: Settings };
  const text = stringify({ ...config, upstreams: { app: { ...app, ...changes } } });
  await Deno.writeTextFile(scenario.configPath, text);
}

Deno.test("weir ctl reload puts the file in force and says what changed", async () => {
  await using farm = new NamedBackends(["b0", "b1"]);
  await using scenario = await startHttp({
    backends: farm.addresses.map((address, at) => ({ name: `b${at}`, address })),
    workers: 2,
  });
  const ctl = (...words: string[]) => {
    return runWeir({ args: ["ctl", "--admin", scenario.admin, ...words] });
  };

  const same = await ctl("reload");
  await edit(scenario, { algorithm: "least_connections" });
  const changed = await ctl("reload");
  await edit(scenario, { backends: [{ name: "b0", address: farm.addresses[0], weight: 70_000 }] });
  const refused = await ctl("reload");
  const json = await ctl("reload", "--format", "json");

  assertEquals([same.stdout, same.code], ["done, in place\n  nothing changes\n", 0]);
  assertEquals([changed.stdout, changed.code], [
    'done, in place\n  upstream app: algorithm "round_robin" -> "least_connections"\n',
    0,
  ]);
  assertMatch(
    refused.stderr,
    /^\S+weir\.yaml:\d+:\d+: upstreams\.app\.backends\[0\]\.weight: must/,
  );
  assertEquals([refused.stdout, refused.code], ["", 1]);
  assertStringIncludes(JSON.parse(json.stdout).problems[0], "weight: must be a whole number");
  const { algorithm } = (await scenario.status()).upstreams[0]!;
  assertEquals(algorithm, "least_connections");
  assertEquals((await scenario.reloads()).refused, 2);
});
