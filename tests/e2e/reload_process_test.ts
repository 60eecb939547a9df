import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { stringify } from "@std/yaml";
import { connectTo } from "../support/clients.ts";
import { freeAddress } from "../support/free_port.ts";
import { TempFolder } from "../support/paths.ts";
import { Scenario, type Settings } from "../support/scenario.ts";
import { DEADLINE_MS, eventually, within } from "../support/wait.ts";

const BACKEND = "127.0.0.1:9";

/** Starts Weir before a backend that nobody asks for anything. */
function start(top: Settings = {}): Promise<Scenario> {
  const upstream = { health_check: { type: "none" } };
  return Scenario.start({ backends: [BACKEND], upstream, top: { workers: 1, ...top } });
}

async function statusOf(address: string, init: RequestInit = {}): Promise<number> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const response = await fetch(`http://${address}/api/v1/status`, { ...init, signal });
  await response.body?.cancel();
  return response.status;
}

/** Writes the configuration and reloads it by way of the admin interface. */
async function reload(scenario: Scenario, changes: Settings): Promise<void> {
  const config = { ...await scenario.config(), ...changes };
  await Deno.writeTextFile(scenario.configPath, stringify(config));
  await scenario.send("POST", "/api/v1/reload", {});
}

Deno.test("a reload moves the admin listener, and who asked for it there is answered", async () => {
  await using scenario = await start();
  const events = await fetch(`http://${scenario.admin}/api/v1/events`);
  const address = freeAddress();

  await reload(scenario, { admin: { address } });

  assertEquals(await statusOf(address), 200);
  await within("the end of the events", events.text());
  await eventually("the end of the old listener", async () => {
    await assertRejects(() => connectTo(scenario.admin), Deno.errors.ConnectionRefused);
  });
});

Deno.test("a reload to an admin address that is taken changes nothing at all", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${(taken.addr as Deno.NetAddr).port}`;
  await using scenario = await start();
  const config = await scenario.config();

  const { refused, problems } = await scenario.reload({ ...config, admin: { address } });

  assertEquals(refused, 1);
  assertMatch(
    problems?.[0] ?? "",
    new RegExp(`cannot open the admin listener on ${address}: .*in use`),
  );
  assertEquals(await statusOf(scenario.admin), 200);
});

Deno.test("a configuration that is refused leaves the admin listener where it was", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using scenario = await start();
  const [admin, main] = [freeAddress(), `127.0.0.1:${(taken.addr as Deno.NetAddr).port}`];
  const config = await scenario.config();
  const listeners = [{ name: "main", address: main, upstream: "app" }];

  const { refused } = await scenario.reload({ ...config, admin: { address: admin }, listeners });

  assertEquals(refused, 1);
  await eventually("the end of the listener that was made ready", async () => {
    await assertRejects(() => connectTo(admin), Deno.errors.ConnectionRefused);
  });
});

Deno.test("a reload takes another admin token, also out of the same file", async () => {
  await using folder = await TempFolder.create();
  const token_file = await folder.write("token", "the-first-one-of-them");
  await Deno.chmod(token_file, 0o600);
  await using scenario = await start();
  const by = (token: string) => {
    return statusOf(scenario.admin, { headers: { authorization: `Bearer ${token}` } });
  };

  await reload(scenario, { admin: { address: scenario.admin, token_file } });
  const first = [await statusOf(scenario.admin), await by("the-first-one-of-them")];
  await folder.write("token", "the-second-one-of-them");
  scenario.weir.signal("SIGHUP");
  await eventually("the second token", async () => {
    assertEquals(await by("the-second-one-of-them"), 200);
  });

  assertEquals(first, [401, 200]);
  assertEquals(await by("the-first-one-of-them"), 401);
});

Deno.test("a reload takes another log file and format, or says why not", async () => {
  await using folder = await TempFolder.create();
  await using scenario = await start({ log: { level: "info" } });
  const file = `${folder.path}/weir.log`;

  await reload(scenario, { log: { level: "info", format: "json", file } });
  const lines = (await Deno.readTextFile(file)).trim().split("\n");
  const config = await scenario.config();
  const log = { level: "info", file: `${folder.path}/none/weir.log` };
  const { refused } = await scenario.reload({ ...config, log });

  assertEquals(JSON.parse(lines[0] ?? "").msg, "Configuration reloaded");
  assertEquals(refused, 1);
  assertStringIncludes(await Deno.readTextFile(file), "none/weir.log");
});
