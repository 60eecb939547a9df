import { assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import { tally } from "../support/clients.ts";
import { CLIENTS, closedLoad, KILL_REQUESTS } from "../support/closed_load.ts";
import { HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { ServerProcess } from "../support/server_process.ts";
import { eventually } from "../support/wait.ts";

const { GET } = KILL_REQUESTS;

for (const method of ["GET", "POST"] as const) {
  Deno.test(`a backend killed under ${CLIENTS} clients costs few ${method} requests, and gets no more`, async () => {
    await using one = await ServerProcess.start("one");
    await using two = await ServerProcess.start("two");
    await using three = await ServerProcess.start("three");
    // The defaults: no check comes in time to help.
    await using scenario = await startHttp({
      backends: [one, two, three].map(({ address, name }) => ({ address, name })),
      workers: 2,
      upstream: { health_check: { interval: "30s" } },
    });
    let killedAtMs = 0;
    let ejectedAfterMs: Promise<number> | undefined;

    const results = await closedLoad(scenario, KILL_REQUESTS[method], () => {
      two.kill();
      killedAtMs = performance.now();
      ejectedAfterMs = scenario.waitForLog(
        /warning Backend ejected: it is an outlier .*backend=two/,
      )
        .then(() => performance.now() - killedAtMs);
    });

    const counts = tally(results);
    const failed = results.filter((result) => !/^(one|two|three)$/.test(result)).length;
    if (method === "GET") assertEquals(failed, 0, JSON.stringify(counts));
    const tookMs = await ejectedAfterMs!;
    const [, status] = await scenario.backendStatus();
    assertEquals([status!.up, status!.ejected], [true, true]);
    assertLess(tookMs, 10_000);
    // Each that failed was under way on the killed backend.
    assertLessOrEqual(failed, status!.failures, JSON.stringify(counts));
    assertLessOrEqual(failed, CLIENTS);
    // One round: what was under way, and what was on its way before five had failed.
    assertLess(status!.connectFailures + status!.failures, CLIENTS + 50);
    const before = status!.connectFailures;
    await closedLoad(scenario, GET);
    assertEquals((await scenario.backendStatus())[1]!.connectFailures, before);
  });
}

Deno.test("a backend that comes back is used again once the trials of its circuit pass", async () => {
  await using one = await ServerProcess.start("one");
  await using two = await ServerProcess.start("two");
  await using scenario = await startHttp({
    backends: [one, two].map(({ address, name }) => ({ address, name })),
    workers: 2,
    upstream: { circuit_breaker: { failures: 5, open: "300ms", half_open_requests: 3 } },
  });
  const ask = async () => {
    using client = await HttpClient.connect(scenario.address);
    return (await client.ask(GET)).body;
  };

  two.kill();
  await eventually("an open circuit", async () => {
    assertEquals(await ask(), "one");
    assertEquals((await scenario.backendStatus())[1]!.circuit, "open");
  });
  await two.restart();
  await eventually("a closed circuit", async () => {
    await ask();
    assertEquals((await scenario.backendStatus())[1]!.circuit, "closed");
  });

  const names: string[] = [];
  for (let n = 0; n < 20; n++) names.push(await ask());
  assertEquals(tally(names), { one: 10, two: 10 });
  await scenario.waitForLog(/info Circuit half open: backend is tried upstream=app backend=two/);
  await scenario.waitForLog(
    /info Circuit closed: backend gets work again upstream=app backend=two/,
  );
});
