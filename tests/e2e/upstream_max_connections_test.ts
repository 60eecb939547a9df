import { assertEquals } from "@std/assert";
import { HttpBackend } from "../support/http_backend.ts";
import { HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { answerOf, headOf, statusOf, valueOf } from "../support/http_wire.ts";
import { eventually } from "../support/wait.ts";

const GET = headOf("GET / HTTP/1.1", "Host: a");

Deno.test("upstreams.max_connections: exact over backends and threads, the next waits, one more is refused", async () => {
  const gate = Promise.withResolvers<string>();
  await using one = new HttpBackend(() => gate.promise);
  await using two = new HttpBackend(() => gate.promise);
  await using scenario = await startHttp({
    workers: 2,
    backends: [one.address, two.address],
    upstream: { max_connections: 4, queue: { size: 1, timeout: "20s" } },
  });
  using stack = new DisposableStack();
  const ask = async () => {
    const client = stack.use(await HttpClient.connect(scenario.address));
    await client.send(GET);
    return client;
  };
  const clients = await Promise.all([1, 2, 3, 4].map(ask));
  await eventually("four at work", async () => {
    const loads = (await scenario.backendStatus()).map(({ inFlight }) => inFlight);
    assertEquals(loads.reduce((sum, load) => sum + load), 4);
  });

  // A place to wait in each thread: whoever finds it taken is refused at once.
  const others = await Promise.all([1, 2, 3].map(ask));
  const refused = await Promise.race(others.map((client) => client.read()));
  assertEquals([statusOf(refused), valueOf(refused, "x-weir-reason")], [503, "queue_full"]);
  assertEquals(one.requests.length + two.requests.length, 4);

  gate.resolve(answerOf(200));
  for (const client of clients) assertEquals(statusOf(await client.read()), 200);
  await eventually("those who waited", () => {
    assertEquals(one.requests.length + two.requests.length >= 5, true);
  });
});
