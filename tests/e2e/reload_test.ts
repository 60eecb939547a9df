import { assert, assertEquals, assertMatch } from "@std/assert";
import { freeAddress } from "../support/free_port.ts";
import { HttpBackend } from "../support/http_backend.ts";
import { askOnce } from "../support/http_client.ts";
import { HttpTraffic } from "../support/http_traffic.ts";
import { startHttp } from "../support/http_scenario.ts";
import type { Scenario, Settings } from "../support/scenario.ts";
import { eventually } from "../support/wait.ts";

const GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/** A backend that answers with its name. */
function named(name: string): HttpBackend {
  return new HttpBackend(() => {
    return `HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`;
  });
}

/** The configuration with other backends, and whatever else of the upstream is to change. */
async function withUpstream(
  scenario: Scenario,
  backends: readonly HttpBackend[],
  upstream: Settings = {},
): Promise<Settings> {
  const config = await scenario.config();
  const { app } = config["upstreams"] as { app: Settings };
  const addresses = backends.map(({ address }) => ({ address }));
  return { ...config, upstreams: { app: { ...app, backends: addresses, ...upstream } } };
}

Deno.test("reload: backends, algorithm and limits change under traffic without a failed request", async () => {
  await using a = named("a");
  await using b = named("b");
  await using c = named("c");
  await using scenario = await startHttp({
    backends: [a.address, b.address, c.address],
    workers: 2,
  });
  const traffic = new HttpTraffic(scenario.address);

  for (let round = 0; round < 10; round++) {
    const two = await withUpstream(scenario, [a, b], { algorithm: "least_connections" });
    assertEquals((await scenario.reload(two)).problems, undefined);
    const three = await withUpstream(scenario, [a, b, c], { algorithm: "p2c" });
    assertEquals((await scenario.reload(three)).problems, undefined);
  }
  await traffic.stop();

  assertEquals(traffic.faults, []);
  assertEquals([...traffic.answers.keys()].sort(), ["a", "b", "c"]);
  assertEquals((await scenario.reloads()).done, 20);
});

Deno.test("reload: a backend whose address is new gets traffic, one that is gone gets none", async () => {
  await using a = named("a");
  await using b = named("b");
  await using scenario = await startHttp({ backends: [a.address], workers: 2 });
  const traffic = new HttpTraffic(scenario.address);

  const result = await scenario.reload(await withUpstream(scenario, [b]));
  assertEquals(result.problems, undefined);
  await eventually("traffic to the new one", () => assert(b.requests.length > 50));
  const before = a.requests.length;
  await eventually("more traffic", () => assert(b.requests.length > 500));
  await traffic.stop();

  assertEquals([traffic.faults, a.requests.length], [[], before]);
});

Deno.test("reload: a listener that moves is closed here and opened there", async () => {
  await using a = named("a");
  await using scenario = await startHttp({ backends: [a.address], workers: 2 });
  const address = freeAddress();
  const config = await scenario.config();
  const [listener] = config["listeners"] as Settings[];

  const result = await scenario.reload({ ...config, listeners: [{ ...listener, address }] });

  assertEquals(result.problems, undefined);
  assertEquals((await askOnce(address, GET)).body, "a");
  await eventually("the old one to be closed", async () => {
    const error = await askOnce(scenario.address, GET).then(() => undefined, (error) => error);
    assert(error instanceof Deno.errors.ConnectionRefused, String(error));
  });
});

Deno.test("reload: a configuration that is wrong changes nothing, and is told with its place", async () => {
  await using a = named("a");
  await using scenario = await startHttp({ backends: [a.address] });

  const { done, refused, problems = [] } = await scenario.reload({
    ...await scenario.config(),
    upstreams: { app: { backends: [{ address: a.address, weight: -1 }] } },
  });

  assertEquals([done, refused], [0, 1]);
  assertMatch(problems.join(), /weir\.yaml:\d+:\d+: upstreams\.app\.backends\[0\]\.weight/);
  assertEquals((await askOnce(scenario.address, GET)).body, "a");
});

Deno.test("reload: an address that is taken is refused, and what was there goes on", async () => {
  await using a = named("a");
  await using taken = named("taken");
  await using scenario = await startHttp({ backends: [a.address], workers: 2 });
  const config = await scenario.config();
  const [listener] = config["listeners"] as Settings[];
  const second = { ...listener, name: "second", address: taken.address };

  const { problems = [] } = await scenario.reload({ ...config, listeners: [listener, second] });

  assertMatch(problems.join(), /cannot open listener "second"/);
  assertEquals((await askOnce(scenario.address, GET)).body, "a");
  assertEquals((await scenario.reload(config)).problems, undefined);
  assertEquals((await askOnce(scenario.address, GET)).body, "a");
});
