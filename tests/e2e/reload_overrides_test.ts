import { assertEquals, assertGreater } from "@std/assert";
import { HttpBackend } from "../support/http_backend.ts";
import { startHttp } from "../support/http_scenario.ts";
import { HttpTraffic } from "../support/http_traffic.ts";
import type { Scenario, Settings } from "../support/scenario.ts";
import { eventually } from "../support/wait.ts";

/** A backend that answers with its name. */
function named(name: string): HttpBackend {
  return new HttpBackend(() => {
    return `HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`;
  });
}

/** What the status says of each backend's weight and state. */
async function wanted(scenario: Scenario): Promise<unknown[]> {
  return (await scenario.backendStatus()).map(({ id, weight, state }) => [id, weight, state]);
}

async function withBackends(scenario: Scenario, backends: readonly Settings[]): Promise<Settings> {
  const config = await scenario.config();
  const { app } = config["upstreams"] as { app: Settings };
  return { ...config, upstreams: { app: { ...app, backends } } };
}

/** Requests that come to a backend while the others get `count`. */
async function strays(traffic: HttpTraffic, name: string, count = 200): Promise<number> {
  const of = () => traffic.answers.get(name) ?? 0;
  const all = () => [...traffic.answers.values()].reduce((sum, count) => sum + count, 0);
  const [before, allBefore] = [of(), all()];
  await eventually(`${count} answers`, () => assertGreater(all() - allBefore, count));
  return of() - before;
}

Deno.test("what operators changed of backends outlives reloads, in place and by new threads", async () => {
  await using a = named("a");
  await using b = named("b");
  await using c = named("c");
  const [first, second, third] = [a, b, c].map(({ address }, at) => ({ name: "abc"[at], address }));
  await using scenario = await startHttp({ backends: [first!, second!, third!], workers: 2 });
  const traffic = new HttpTraffic(scenario.address);
  await scenario.changeBackend("a", { state: "drain" });
  await scenario.changeBackend("b", { weight: 5 });
  await scenario.changeBackend("c", { weight: 9, state: "maintenance" });
  const config = await scenario.config();
  const kept = [["a", 1, "drain"], ["b", 5, "ready"], ["c", 9, "maintenance"]];

  // In place, with the upstream as it is; then with another one made in its stead.
  const { app } = config["upstreams"] as { app: Settings };
  for (const change of [{}, { algorithm: "least_connections" }]) {
    const upstreams = { app: { ...app, ...change } };
    assertEquals((await scenario.reload({ ...config, upstreams })).problems, undefined);
    assertEquals(await wanted(scenario), kept);
    assertEquals([await strays(traffic, "a"), await strays(traffic, "c")], [0, 0]);
  }
  // By threads that have the permission for one more address.
  await using d = named("d");
  const more = await withBackends(scenario, [
    first!,
    second!,
    { ...third, weight: 2 },
    { name: "d", address: d.address },
  ]);
  assertEquals((await scenario.reload(more)).problems, undefined);
  assertEquals(await wanted(scenario), [
    ["a", 1, "drain"],
    ["b", 5, "ready"],
    // The file has changed that very setting.
    ["c", 2, "maintenance"],
    ["d", 1, "ready"],
  ]);
  // Threads from before may have had requests on the way.
  await eventually("no more for those that are held off", async () => {
    assertEquals([await strays(traffic, "a"), await strays(traffic, "c")], [0, 0]);
  });
  const share = await strays(traffic, "d", 600);
  assertGreater(share, 50);

  await scenario.changeBackend("a", { state: "ready" });
  await eventually("work for a", async () => assertGreater(await strays(traffic, "a"), 5));
  await traffic.stop();
  assertEquals(traffic.faults, []);
});

Deno.test("what operators changed of a backend ends when the backend is removed", async () => {
  await using a = named("a");
  await using b = named("b");
  const [first, second] = [a, b].map(({ address }, at) => ({ name: "ab"[at], address }));
  await using scenario = await startHttp({ backends: [first!, second!] });
  await scenario.changeBackend("b", { state: "drain", weight: 7 });

  await scenario.reload(await withBackends(scenario, [first!]));
  await scenario.reload(await withBackends(scenario, [first!, second!]));

  assertEquals(await wanted(scenario), [["a", 1, "ready"], ["b", 1, "ready"]]);
});
