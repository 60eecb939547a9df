import { assertEquals, assertLess } from "@std/assert";
import { BlackHole } from "../support/black_hole.ts";
import { HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { headOf } from "../support/http_wire.ts";
import { eventually } from "../support/wait.ts";

Deno.test("a client that leaves while Weir connects: the attempt ends at once, without blame", async () => {
  using hole = await BlackHole.open();
  await using scenario = await startHttp({
    backends: [hole.address],
    upstream: { connect_timeout: "1h" },
  });
  const client = await HttpClient.connect(scenario.address);
  await client.send(headOf("GET / HTTP/1.1", "Host: a"));
  await eventually("Weir to connect", async () => {
    assertEquals((await scenario.backendStatus()).map(({ inFlight }) => inFlight), [1]);
  });

  const start = performance.now();
  client[Symbol.dispose]();

  await eventually("the slots to be given back", async () => {
    assertEquals((await scenario.backendStatus()).map(({ inFlight }) => inFlight), [0]);
    assertEquals((await scenario.listenerStatus()).active, 0);
  });
  assertLess(performance.now() - start, 5000);
  const [status] = await scenario.backendStatus();
  assertEquals([status?.failures, status?.connectFailures], [0, 0]);
});
