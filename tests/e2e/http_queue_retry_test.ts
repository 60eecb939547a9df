import { assertEquals } from "@std/assert";
import { HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { headOf, statusOf, valueOf, Wire } from "../support/http_wire.ts";
import { scrape, sumOf } from "../support/metrics_client.ts";
import { TestServer } from "../support/servers.ts";
import { eventually } from "../support/wait.ts";

const GET = headOf("GET / HTTP/1.1", "Host: a");

Deno.test("a request that failed and then waited in vain is turned away for its failure alone", async () => {
  const breaks = Promise.withResolvers<void>();
  let asked = 0;
  // The first request loses its connection, the second is never answered.
  await using backend = new TestServer(async (conn, disposed) => {
    await new Wire(conn).readHead();
    await (asked++ === 0 ? breaks.promise : disposed);
  });
  await using scenario = await startHttp({
    backends: [{ address: backend.address, max_connections: 1 }],
    upstream: { queue: { size: 1, timeout: "500ms", interval: "1h" } },
  });
  using first = await HttpClient.connect(scenario.address);
  using second = await HttpClient.connect(scenario.address);
  await first.send(GET);
  await eventually("the first request", () => assertEquals(asked, 1));
  await second.send(GET);
  await eventually("the second to wait", async () => {
    assertEquals((await scenario.status()).upstreams[0]?.queue.length, 1);
  });

  // The slot goes to the second; the first has to wait with what it wants to try again.
  breaks.resolve();
  const answer = await first.read();

  assertEquals([statusOf(answer), valueOf(answer, "X-Weir-Reason")], [502, "upstream_reset"]);
  const page = await scrape(scenario.admin);
  assertEquals(sumOf(page, "weir_rejected_total", 'reason="upstream_reset"'), 1);
  assertEquals(sumOf(page, "weir_rejected_total"), 1);
  assertEquals((await scenario.listenerStatus()).queueTimeouts, 0);
});
