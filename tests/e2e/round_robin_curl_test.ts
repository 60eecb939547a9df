import { assertEquals } from "@std/assert";
import { tally } from "../support/clients.ts";
import { peerTest } from "../support/peers.ts";
import { runToEnd } from "../support/process.ts";
import { PythonServer } from "../support/python.ts";
import { Scenario } from "../support/scenario.ts";

peerTest(
  "300 requests of curl over three python3 http.server come out 100/100/100",
  ["python3", "curl"],
  async ({ python3, curl }) => {
    await using one = await PythonServer.start(python3, "one");
    await using two = await PythonServer.start(python3, "two");
    await using three = await PythonServer.start(python3, "three");
    const backends = [one, two, three].map(({ address }) => address);
    await using scenario = await Scenario.start({ backends });

    // Three curls at once; each asks a hundred times, every time over a new connection.
    const url = `http://${scenario.address}/name?[1-100]`;
    const argv = [curl, "--silent", "--show-error", "--fail", "-H", "Connection: close", url];
    const runs = await Promise.all(
      ["first", "second", "third"].map((name) => runToEnd({ name: `${name} curl`, argv })),
    );

    assertEquals(runs.map(({ code, stderr }) => ({ code, stderr })), [
      { code: 0, stderr: "" },
      { code: 0, stderr: "" },
      { code: 0, stderr: "" },
    ]);
    const names = runs.flatMap(({ stdout }) => stdout.trim().split("\n"));
    assertEquals(tally(names), { one: 100, two: 100, three: 100 });
  },
);
