import { assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import { inParallel, tally } from "../support/clients.ts";
import { HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { headOf, statusOf, valueOf } from "../support/http_wire.ts";
import type { Scenario } from "../support/scenario.ts";
import { ServerProcess } from "../support/server_process.ts";
import { eventually } from "../support/wait.ts";

const GET = headOf("GET / HTTP/1.1", "Host: a");
const POST = headOf("POST / HTTP/1.1", "Host: a", "Content-Length: 4") + "body";
const CLIENTS = 200;
const REQUESTS = 4000;

/** Clients that keep their connections ask; `half` is called when half of it is done. */
async function load(scenario: Scenario, request: string, half: () => void): Promise<string[]> {
  const results: string[] = [];
  await inParallel(CLIENTS, CLIENTS, async () => {
    let client = await HttpClient.connect(scenario.address);
    try {
      for (let n = 0; n < REQUESTS / CLIENTS; n++) {
        const answer = await client.ask(request);
        results.push(statusOf(answer) === 200 ? answer.body : String(statusOf(answer)));
        if (results.length === REQUESTS / 2) half();
        // Weir closes after a body that it could not pass on.
        if (valueOf(answer, "Connection") !== "close") continue;
        client[Symbol.dispose]();
        client = await HttpClient.connect(scenario.address);
      }
    } finally {
      client[Symbol.dispose]();
    }
  });
  return results;
}

for (const [method, request] of [["GET", GET], ["POST", POST]] as const) {
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

    const results = await load(scenario, request, () => {
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
    await load(scenario, GET, () => {});
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
