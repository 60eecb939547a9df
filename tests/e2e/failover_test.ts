import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { tally } from "../support/clients.ts";
import { peerTest } from "../support/peers.ts";
import { askName, PythonServer } from "../support/python.ts";
import { Scenario } from "../support/scenario.ts";
import { eventually } from "../support/wait.ts";

peerTest(
  "a backend that is killed fails no request, is taken out, comes back and is used again",
  ["python3"],
  async ({ python3 }) => {
    await using one = await PythonServer.start(python3, "one");
    await using two = await PythonServer.start(python3, "two");
    await using three = await PythonServer.start(python3, "three");
    await using scenario = await Scenario.start({
      backends: [one, two, three].map(({ address, name }) => ({ address, name })),
      // Long enough that the first requests after the kill meet a backend that still counts as up.
      upstream: { health_check: { interval: "400ms", rise: 2, fall: 2 } },
    });
    const isUp = async () => (await scenario.backendStatus()).map(({ up }) => up);
    assertEquals(await askMany(scenario, 30), { one: 10, two: 10, three: 10 });

    await two.kill();
    const without = await askMany(scenario, 60);

    assertEquals((without["one"] ?? 0) + (without["three"] ?? 0), 60);
    await scenario.waitForLog(/warning Backend is down upstream=app backend=two/);
    assertEquals(await isUp(), [true, false, true]);
    assertGreaterOrEqual((await scenario.listenerStatus()).retries, 1);
    await eventually("two in the rotation", async () => {
      assertEquals(await askMany(scenario, 20), { one: 10, three: 10 });
    });

    await two.restart();
    await scenario.waitForLog(/info Backend is up upstream=app backend=two/);
    await eventually("all three in the rotation", async () => {
      assertEquals(await isUp(), [true, true, true]);
      assertEquals(await askMany(scenario, 30), { one: 10, two: 10, three: 10 });
    });
  },
);

/** One request after the other; a failed one throws. */
async function askMany(scenario: Scenario, count: number): Promise<Record<string, number>> {
  const names: string[] = [];
  for (let i = 0; i < count; i++) names.push(await askName(scenario.address));
  return tally(names);
}
