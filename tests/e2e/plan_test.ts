import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { stringify } from "@std/yaml";
import { HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { NamedBackends } from "../support/named_backends.ts";
import { TempFolder } from "../support/paths.ts";
import type { Scenario, Settings } from "../support/scenario.ts";
import { runWeir } from "../support/weir.ts";

/** The configuration with other settings of its upstream. */
async function changed(scenario: Scenario, upstream: Settings): Promise<string> {
  const config = await scenario.config();
  const { app } = config["upstreams"] as { app: Settings };
  return stringify({ ...config, upstreams: { app: { ...app, ...upstream } } });
}

Deno.test("weir plan says what a reload would change, and the reload does that", async () => {
  await using folder = await TempFolder.create();
  await using farm = new NamedBackends(["b0", "b1", "b2"]);
  const [b0, b1, b2] = farm.addresses;
  await using scenario = await startHttp({
    backends: [{ name: "b0", address: b0 }, { name: "b1", address: b1 }],
    workers: 2,
    upstream: { algorithm: "rendezvous" },
  });
  using client = await HttpClient.connect(scenario.address);
  await client.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const backends = [{ name: "b0", address: b0, weight: 2 }, { name: "b2", address: b2 }];
  const path = await folder.write("new.yaml", await changed(scenario, { backends }));

  const offline = await runWeir({ args: ["plan", path, "--config", scenario.configPath] });
  const live = await runWeir({ args: ["plan", path, "--admin", scenario.admin] });
  const json = await runWeir({
    args: ["plan", path, "--admin", scenario.admin, "--format", "json"],
  });
  const before = await scenario.backendStatus();
  await Deno.copyFile(path, scenario.configPath);
  const reload = await runWeir({ args: ["ctl", "--admin", scenario.admin, "reload"] });

  const lines = [
    `  backend app/b1 (${b1}): removed`,
    `  backend app/b2 (${b2}): added`,
    "  backend app/b0: weight 1 -> 2",
  ];
  assertEquals(offline.code, 0, offline.stderr);
  assertEquals(offline.stdout.split("\n").slice(0, 6), [
    "a reload would start new threads",
    ...lines,
    `permission gained: ${b2}`,
    `permission lost: ${b1}`,
  ]);
  assertMatch(offline.stdout, /^upstream app: \d{4} of 10000 keys would move$/m);
  assertStringIncludes(live.stdout, offline.stdout);
  assertMatch(live.stdout, /^backend app\/b1: \d in flight would drain$/m);
  assertMatch(live.stdout, /^1 open connections would stay with the threads of before$/m);
  assertEquals(JSON.parse(json.stdout).how, "new_threads");
  assertEquals(before.map(({ id, weight }) => [id, weight]), [["b0", 1], ["b1", 1]]);
  assertEquals(reload.stdout, ["done, by new threads", ...lines, ""].join("\n"));
});

Deno.test("weir plan counts what was changed at run time", async () => {
  await using farm = new NamedBackends(["b0", "b1"]);
  const [b0, b1] = farm.addresses;
  await using scenario = await startHttp({ backends: [{ name: "b0", address: b0 }] });
  const admin = ["--admin", scenario.admin];
  await runWeir({ args: ["ctl", ...admin, "add", "app", b1!, "--name", "b1"] });

  const live = await runWeir({ args: ["plan", scenario.configPath, ...admin] });

  assertEquals(live.stdout, "a reload would be in place\n  nothing changes\n");
});

Deno.test("weir plan says what is wrong with the new configuration", async () => {
  await using farm = new NamedBackends(["b0"]);
  await using folder = await TempFolder.create();
  await using scenario = await startHttp({ backends: farm.addresses });
  const path = await folder.write("new.yaml", await changed(scenario, { retry: { attempts: -1 } }));

  const { code, stderr } = await runWeir({ args: ["plan", path, "--admin", scenario.admin] });
  const yaml = "listeners: []\ninclude: [/etc/passwd]\nzone: '${HOME}'\n";
  const sent = await scenario.send("POST", "/api/v1/plan", { yaml }).then(
    () => "",
    (error) => String(error),
  );

  assertEquals(code, 1);
  assertMatch(stderr, /new\.yaml:\d+:\d+: upstreams\.app\.retry\.attempts: must/);
  // It reads no file and no variable for others.
  assertMatch(sent, /configuration:3:\d+: zone: .*HOME/);
  assertEquals(/root:/.test(sent), false);
});
