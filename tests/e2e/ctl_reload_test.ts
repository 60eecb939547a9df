import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parse, stringify } from "@std/yaml";
import { startHttp } from "../support/http_scenario.ts";
import { NamedBackends } from "../support/named_backends.ts";
import type { Scenario, Settings } from "../support/scenario.ts";
import { eventually } from "../support/wait.ts";
import { runWeir, startWeir } from "../support/weir.ts";

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

Deno.test("weir ctl events tells of reloads, done and refused", async () => {
  await using farm = new NamedBackends(["b0"]);
  await using scenario = await startHttp({ backends: farm.addresses });
  const admin = ["--admin", scenario.admin];
  await using listener = await startWeir({ args: ["ctl", ...admin, "events"] });

  await eventually("the event", async () => {
    await runWeir({ args: ["ctl", ...admin, "reload"] });
    assertMatch(listener.stdout.text, /Z reload ok=true$/m);
  });
  await edit(scenario, { algorithm: "fastest" });
  await runWeir({ args: ["ctl", ...admin, "reload"] });

  await eventually("the other event", () => {
    assertMatch(listener.stdout.text, /Z reload ok=false problems=\S*.*must be one of/m);
  });
});

Deno.test("weir explain goes by what was reloaded, wherever it has its place", async () => {
  await using farm = new NamedBackends(["b0", "b1", "b2"]);
  const backends = farm.addresses.map((address, at) => ({ name: `b${at}`, address }));
  await using scenario = await startHttp({ backends, upstream: { algorithm: "first" } });
  const url = `http://${scenario.address}/`;
  const explain = async () => {
    const args = ["explain", "--admin", scenario.admin, "--url", url, "--format", "json"];
    const { stdout } = await runWeir({ args });
    const { outcome: { upstreams: [upstream] } } = JSON.parse(stdout);
    return [upstream.pick, upstream.backends.map(({ excluded }: Settings) => excluded ?? "")];
  };
  await scenario.changeBackend("b1", { state: "drain" });

  const before = await explain();
  await edit(scenario, { backends: backends.slice(1) });
  await runWeir({ args: ["ctl", "--admin", scenario.admin, "reload"] });
  const after = await explain();
  await edit(scenario, { backends });
  await runWeir({ args: ["ctl", "--admin", scenario.admin, "reload"] });

  assertEquals(before, ["b0", ["", "drain", ""]]);
  assertEquals(after, ["b2", ["drain", ""]]);
  assertEquals(await explain(), ["b0", ["", "drain", ""]]);
});
