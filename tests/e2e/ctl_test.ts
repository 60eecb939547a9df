import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { stringify } from "@std/yaml";
import { freeAddress, freeWildcardPort } from "../support/free_port.ts";
import { NamedBackends } from "../support/named_backends.ts";
import { TempFolder } from "../support/paths.ts";
import type { Finished } from "../support/process.ts";
import { Scenario } from "../support/scenario.ts";
import { echo } from "../support/servers.ts";
import { eventually } from "../support/wait.ts";
import { runWeir, startWeir } from "../support/weir.ts";

const TOKEN = "0123456789abcdef-0123456789abcdef";

Deno.test("weir ctl shows and changes a running Weir", async () => {
  await using farm = new NamedBackends(["b0", "b1"]);
  await using scenario = await startNamed(farm);
  const ctl = (...words: string[]) => runCtl(["--admin", `http://${scenario.admin}`, ...words]);

  const status = await ctl("status");
  const drained = await ctl("drain", "b0");
  const weighed = await ctl("weight", "app/b1", "7");
  const backends = await ctl("backends");
  const json = await ctl("backends", "--format", "json");
  const ready = await ctl("ready", "app/b0");

  assertStringIncludes(status.stdout, ": ready, 2 data plane threads\n");
  assertMatch(status.stdout, /^app +round_robin +2\/2 +0 +0 +no$/m);
  assertEquals(drained.stdout, "app/b0: drain, weight 1, 0 in flight\n");
  assertEquals(weighed.stdout, "app/b1: up, weight 7 (1)\n");
  assertMatch(backends.stdout, /^app\/b0 +\S+ +drain +1 /m);
  assertMatch(backends.stdout, /^app\/b1 +\S+ +up +7 \(1\) /m);
  const parsed: { id: string; state: string }[] = JSON.parse(json.stdout);
  assertEquals(parsed.map(({ id, state }) => `${id} ${state}`), ["b0 drain", "b1 ready"]);
  assertEquals(ready.stdout, "app/b0: up, weight 1\n");
  for (const { code } of [status, drained, weighed, backends, json, ready]) assertEquals(code, 0);
});

Deno.test("weir ctl log changes the level in the threads too", async () => {
  await using server = echo();
  await using scenario = await Scenario.start({
    backends: [server.address],
    upstream: { health_check: { type: "none" } },
    top: { log: { level: "error" } },
  });

  const { stdout, code } = await runCtl(["--admin", scenario.admin, "log", "info"]);

  assertEquals([stdout, code], ["log level: info\n", 0]);
  // The main thread tells of it, and the threads of connections that found nobody.
  await runCtl(["--admin", scenario.admin, "drain", server.address]);
  await scenario.waitForLog(/Backend changed by an operator/);
  await eventually("a line of a thread", async () => {
    using _conn = await scenario.connect();
    assertMatch(scenario.weir.stderr.text, /no backend available/);
  });
});

Deno.test("weir ctl events prints what happens", async () => {
  await using farm = new NamedBackends(["b0", "b1"]);
  await using scenario = await startNamed(farm);
  const args = ["ctl", "--config", scenario.configPath, "events"];
  await using listener = await startWeir({ args });

  await eventually("the event", async () => {
    await scenario.changeBackend("b1", { state: "drain" });
    assertMatch(
      listener.stdout.text,
      /^\S+Z override upstream=app backend=b1 weight=1 state=drain$/m,
    );
  });
});

Deno.test("weir ctl says in one line what is wrong, and by its exit code", async () => {
  await using farm = new NamedBackends(["b0"]);
  await using scenario = await startNamed(farm);
  const ctl = (...words: string[]) => runCtl(["--admin", scenario.admin, ...words]);
  const nobody = freeAddress();

  const [unknown, usage, refused, gone] = await Promise.all([
    ctl("drain", "b7"),
    ctl("drian", "b0"),
    ctl("log", "loud"),
    runCtl(["--admin", `http://${nobody}`, "status"]),
  ]);

  assertEquals([unknown.code, usage.code, refused.code, gone.code], [2, 2, 1, 69]);
  assertStringIncludes(unknown.stderr, 'there is no backend "b7": did you mean "b0"?');
  assertStringIncludes(usage.stderr, 'unknown action "drian": did you mean "drain"?');
  assertStringIncludes(refused.stderr, '"level" must be one of');
  assertStringIncludes(gone.stderr, `cannot reach the admin interface on http://${nobody}`);
});

Deno.test("weir ctl ready is the check of a container: it finds Weir by its configuration", async () => {
  await using farm = new NamedBackends(["b0"]);
  await using scenario = await startNamed(farm, { shutdown_delay: "1m" });
  // A proxy that the environment names is not for this.
  const env = { HTTP_PROXY: "http://127.0.0.1:1", http_proxy: "http://127.0.0.1:1" };
  const check = () => runWeir({ args: ["ctl", "-c", scenario.configPath, "ready"], env });

  const before = await check();
  scenario.weir.signal("SIGTERM");
  await scenario.waitForLog(/Draining/);
  const after = await check();

  assertEquals([before.code, before.stdout], [0, "ready\n"]);
  assertEquals([after.code, after.stdout], [1, "not ready\n"]);
  const gone = await runCtl(["--admin", `http://${freeAddress()}`, "ready"]);
  assertEquals(gone.code, 1, gone.stderr);
});

Deno.test("an admin interface for all asks for the token, which ctl takes from the configuration", async () => {
  await using farm = new NamedBackends(["b0"]);
  await using folder = await TempFolder.create();
  await folder.write("token", `${TOKEN}\n`);
  const port = freeWildcardPort();
  const config = await folder.write(
    "weir.yaml",
    stringify({
      workers: 1,
      admin: { address: `0.0.0.0:${port}`, token_file: "token" },
      listeners: [{ address: freeAddress(), upstream: "app" }],
      upstreams: { app: { backends: farm.addresses.map((address) => ({ address })) } },
    }),
  );
  await using weir = await startWeir({ args: ["-c", config] });
  await weir.printed("stdout", / is ready/);
  const admin = ["--admin", `127.0.0.1:${port}`];

  const [known, given, none] = await Promise.all([
    runCtl(["--config", config, "status"]),
    runCtl([...admin, "--token-file", `${folder.path}/token`, "status"]),
    runCtl([...admin, "status"]),
  ]);

  assertEquals([known.code, given.code, none.code], [0, 0, 1]);
  assertStringIncludes(none.stderr, "Token needed");
  assertStringIncludes(none.stderr, "--token-file");
  const ready = await runCtl([...admin, "ready"]);
  assertEquals([ready.code, ready.stdout], [0, "ready\n"]);
});

function startNamed(farm: NamedBackends, top = {}): Promise<Scenario> {
  const backends = farm.addresses.map((address, place) => ({ name: `b${place}`, address }));
  return Scenario.start({ backends, top, upstream: { health_check: { type: "none" } } });
}

function runCtl(words: readonly string[]): Promise<Finished> {
  return runWeir({ args: ["ctl", ...words] });
}
