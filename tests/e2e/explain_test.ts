import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Explanation } from "../../lib/runtime/explanation.ts";
import { HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { headOf } from "../support/http_wire.ts";
import { NamedBackends } from "../support/named_backends.ts";
import type { Scenario } from "../support/scenario.ts";
import { eventually } from "../support/wait.ts";
import { runWeir } from "../support/weir.ts";

const NAMES = ["b0", "b1", "b2", "b3"];

for (const algorithm of ["consistent_hash", "maglev", "rendezvous"]) {
  Deno.test(`what explain says of ${algorithm} is what happens, also after a drain`, async () => {
    await using farm = new NamedBackends(NAMES);
    await using scenario = await startHttp({
      backends: farm.addresses.map((address, place) => ({ name: NAMES[place], address })),
      workers: 2,
      upstream: { algorithm, hash_key: "header:x-user" },
    });

    assertEquals(await explained(scenario), await answered(scenario));
    await scenario.changeBackend("b1", { state: "drain" });
    await eventually("all threads to drain it", async () => {
      assertEquals((await answered(scenario)).includes("b1"), false);
    });
    assertEquals(await explained(scenario), await answered(scenario));
  });
}

Deno.test("what explain says of routes is what happens", async () => {
  await using farm = new NamedBackends(["v1", "canary", "rest"]);
  const [v1, canary, rest] = farm.addresses.map((address) => ({ backends: [{ address }] }));
  const unchecked = { health_check: { type: "none" } };
  const routes = [
    { match: { path_prefix: "/v1", headers: { "x-canary": "1" } }, upstream: "canary" },
    { match: { path_prefix: "/v1", methods: ["GET"] }, upstream: "v1" },
    { match: { query: { gone: "*" } }, respond: { status: 410, body: "gone" } },
  ];
  await using scenario = await startHttp({
    backends: [],
    listener: { upstream: "rest", routes },
    top: {
      upstreams: {
        v1: { ...v1, ...unchecked },
        canary: { ...canary, ...unchecked },
        rest: { ...rest, ...unchecked },
      },
    },
  });
  const requests: readonly (readonly [method: string, target: string, header: string])[] = [
    ["GET", "/v1/x", "x-canary: 1"],
    ["GET", "/v1/../v1/x", "x-canary: 2"],
    ["POST", "/v1", "content-length: 0"],
    ["GET", "/v1x?gone", "x: y"],
    ["GET", "/else", "x: y"],
  ];

  for (const [method, target, header] of requests) {
    const [name = "", value = ""] = header.split(": ");
    const { outcome } = await explain(scenario, { target, method, headers: { [name]: value } });
    using client = await HttpClient.connect(scenario.address);
    const answer = await client.ask(headOf(`${method} ${target} HTTP/1.1`, "Host: a", header));
    const said = outcome.kind !== "forward" ? "gone" : outcome.upstreams[0]?.name;
    assertEquals(said, answer.body, `${method} ${target} ${header}`);
  }
});

Deno.test("weir explain says the same offline and of a Weir that has just begun", async () => {
  await using farm = new NamedBackends(NAMES);
  await using scenario = await startHttp({
    backends: farm.addresses,
    upstream: { algorithm: "maglev", hash_key: "path" },
  });
  const url = `http://${scenario.address}/some/path`;

  const [offline, live, none] = await Promise.all([
    runWeir({ args: ["explain", "-c", scenario.configPath, "--url", url] }),
    runWeir({ args: ["explain", "--admin", scenario.admin, "--url", url] }),
    runWeir({
      args: ["explain", "-c", scenario.configPath, "--url", "http://h:1/", "--listener", "x"],
    }),
  ]);

  assertEquals([offline.code, live.code, none.code], [0, 0, 1]);
  assertEquals(offline.stdout, live.stdout);
  assertStringIncludes(live.stdout, "upstream app (maglev, key path = ");
  assertStringIncludes(live.stdout, ": its place in the order for this key\n");
  assertStringIncludes(none.stderr, 'There is no http listener "x": there are main on');
});

/** Where twenty users go. */
async function explained(scenario: Scenario): Promise<(string | undefined)[]> {
  return await Promise.all(USERS.map(async (user) => {
    const { outcome } = await explain(scenario, { target: "/", headers: { "x-user": user } });
    assert(outcome.kind === "forward");
    return outcome.upstreams[0]?.pick;
  }));
}

async function answered(scenario: Scenario): Promise<string[]> {
  const names: string[] = [];
  for (const user of USERS) {
    using client = await HttpClient.connect(scenario.address);
    const answer = await client.ask(headOf("GET / HTTP/1.1", "Host: a", `X-User: ${user}`));
    names.push(answer.body);
  }
  return names;
}

const USERS = Array.from({ length: 20 }, (_, user) => `user-${user}`);

async function explain(
  scenario: Scenario,
  { target, ...question }: { target: string; method?: string; headers?: Record<string, string> },
): Promise<Explanation> {
  const url = `http://${scenario.address}${target}`;
  return await scenario.send("POST", "/api/v1/explain", { url, ...question }) as Explanation;
}
