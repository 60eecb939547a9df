import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { BlackHole } from "../support/black_hole.ts";
import { HttpBackend } from "../support/http_backend.ts";
import { askOnce, HttpClient } from "../support/http_client.ts";
import { NO_RETRY, startHttp } from "../support/http_scenario.ts";
import { TestServer } from "../support/servers.ts";
import { answerOf, headOf, statusOf, valueOf } from "../support/http_wire.ts";
import { eventually } from "../support/wait.ts";

const GET = headOf("GET / HTTP/1.1", "Host: a");
const POST = headOf("POST / HTTP/1.1", "Host: a", "Content-Length: 4") + "body";

/** Waits until that many connections to a backend are open. */
async function untilOpen(backend: HttpBackend, count: number): Promise<void> {
  await eventually(`${count} open connections`, () => assertEquals(backend.open, count));
}

Deno.test("warm: connections are open before any request, in every thread, and are no load", async () => {
  await using backend = new HttpBackend(() => answerOf(200));
  await using scenario = await startHttp({
    workers: 2,
    backends: [backend.address],
    upstream: { pool: { warm: 3 } },
  });

  await untilOpen(backend, 6);

  const [status] = await scenario.backendStatus();
  assertEquals([status?.inFlight, status?.connections, backend.received], [0, 0, ""]);
});

Deno.test("warm: requests go over connections that were open before them", async () => {
  await using backend = new HttpBackend(({ connection }) => answerOf(200, String(connection)));
  await using scenario = await startHttp({
    backends: [backend.address],
    upstream: { pool: { warm: 2 } },
  });
  await untilOpen(backend, 2);

  for (let i = 0; i < 5; i++) {
    assertLess(Number((await askOnce(scenario.address, GET)).body), 2);
  }

  assertEquals(backend.accepted, 2);
  const [status] = await scenario.backendStatus();
  assertEquals([status?.requests, status?.connections, status?.reuses], [5, 1, 4]);
});

Deno.test("warm: no more connections than max_active, over all threads, and nobody is counted out", async () => {
  await using backend = new HttpBackend(() => answerOf(200));
  await using scenario = await startHttp({
    workers: 2,
    backends: [backend.address],
    upstream: { pool: { warm: 4, max_active: 5 } },
  });

  await untilOpen(backend, 5);

  assertEquals(statusOf(await askOnce(scenario.address, GET)), 200);
  assertEquals(backend.accepted, 5);
});

Deno.test("warm: a backend that hangs up on idle connections is dialled once a second, not in a loop", async () => {
  await using backend = new TestServer(() => Promise.resolve());
  const begin = performance.now();
  await using _scenario = await startHttp({
    backends: [backend.address],
    upstream: { pool: { warm: 2 } },
  });

  await eventually("three rounds", () => assertGreater(backend.accepted, 5));

  assertGreater(performance.now() - begin, 1900);
});

for (const [method, request] of [["GET", GET], ["POST", POST]] as const) {
  Deno.test(`warm: a connection that is dead at its first use: ${method}`, async () => {
    await using backend = new HttpBackend(({ connection }) =>
      // As if its end had been on the way when the request was sent.
      connection === 0 ? undefined : answerOf(200, String(connection))
    );
    await using scenario = await startHttp({
      backends: [backend.address],
      upstream: { pool: { warm: 1 }, ...NO_RETRY },
    });
    await untilOpen(backend, 1);
    using client = await HttpClient.connect(scenario.address);

    const answer = await client.ask(request);

    const [status] = await scenario.backendStatus();
    if (method === "GET") {
      assertEquals([statusOf(answer), status?.failures], [200, 0]);
      assertEquals(backend.requests.length, 2);
      return;
    }
    // It might be done twice.
    assertEquals([statusOf(answer), valueOf(answer, "X-Weir-Reason")], [502, "upstream_reset"]);
    assertEquals(backend.requests.length, 1);
  });
}

Deno.test("warm: a backend that is killed and started again is kept warm again", async () => {
  const first = new HttpBackend(() => answerOf(200, "first"));
  const [hostname = "", port] = first.address.split(":");
  await using scenario = await startHttp({
    backends: [first.address],
    upstream: { pool: { warm: 2 } },
  });
  await untilOpen(first, 2);

  await first[Symbol.asyncDispose]();
  assertEquals(statusOf(await askOnce(scenario.address, GET)), 502);
  await using again = new HttpBackend(() => answerOf(200, "again"), {
    hostname,
    port: Number(port),
  });
  await untilOpen(again, 2);

  assertEquals((await askOnce(scenario.address, POST)).body, "again");
  assertEquals(again.accepted, 2);
});

Deno.test("warm: shutdown waits neither for idle connections nor for dials that get no answer", async () => {
  using hole = await BlackHole.open();
  await using backend = new HttpBackend(() => answerOf(200));
  await using scenario = await startHttp({
    workers: 2,
    backends: [hole.address, backend.address],
    top: { shutdown_timeout: "60s" },
    upstream: { connect_timeout: "60s", pool: { warm: 5 } },
  });
  await untilOpen(backend, 10);

  const { code, stderr } = await scenario.stop("SIGTERM", 10_000);

  assertEquals(code, 0, stderr);
  await untilOpen(backend, 0);
});
