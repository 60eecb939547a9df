import { assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import { HttpBackend } from "../support/http_backend.ts";
import { HttpClient } from "../support/http_client.ts";
import { NO_RETRY, startHttp } from "../support/http_scenario.ts";
import { answerOf, chunked, headOf, statusOf, valueOf, Wire } from "../support/http_wire.ts";
import { TestServer, writeAll } from "../support/servers.ts";
import { eventually, pause, within } from "../support/wait.ts";

const GET = headOf("GET / HTTP/1.1", "Host: a");
const MIB = 1024 * 1024;

Deno.test("limits: what is over one is refused, and the connection is closed", async (t) => {
  await using backend = new HttpBackend(() => answerOf(200));
  await using scenario = await startHttp({ backends: [backend.address], listener: SMALL_LIMITS });

  for (const [what, request, status, reason] of OVER_LIMITS) {
    await t.step(`${what}: ${status}`, async () => {
      using client = await HttpClient.connect(scenario.address);

      await client.send(request);
      const answer = await client.read();

      assertEquals([statusOf(answer), valueOf(answer, "X-Weir-Reason")], [status, reason]);
      assertEquals(valueOf(answer, "Connection"), "close");
      assertEquals(await client.end(), "ended");
      assertEquals(client.wire.rest, "");
      assertEquals(backend.requests, []);
    });
  }
});

Deno.test("limits: what is just within them goes through", async () => {
  await using backend = new HttpBackend(({ request }) => answerOf(200, request.body));
  await using scenario = await startHttp({
    backends: [backend.address],
    listener: SMALL_LIMITS,
  });
  using client = await HttpClient.connect(scenario.address);
  const body = "x".repeat(1024);

  const lone = headOf("GET / HTTP/1.1", "Host: a", "X: ");
  const full = headOf("GET / HTTP/1.1", "Host: a", `X: ${"x".repeat(4096 - lone.length)}`);
  const answers = [
    await client.ask(full),
    await client.ask(head(...fields(19))),
    await client.ask(headOf("POST / HTTP/1.1", "Host: a", "Content-Length: 1024") + body),
    await client.ask(
      headOf("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked") +
        chunked([...body].slice(0, 10).concat(body.slice(10))),
    ),
  ];

  assertEquals(answers.map((answer) => [statusOf(answer), answer.body.length]), [
    [200, 0],
    [200, 0],
    [200, 1024],
    [200, 1024],
  ]);
});

Deno.test("limits: those of a listener are for its clients, not for answers", async () => {
  const large = [`X: ${"x".repeat(5000)}`, ...fields(40)];
  await using backend = new HttpBackend(() => answerOf(200, "hi", ...large));
  await using scenario = await startHttp({ backends: [backend.address], listener: SMALL_LIMITS });
  using client = await HttpClient.connect(scenario.address);

  const answer = await client.ask(GET);

  assertEquals([statusOf(answer), answer.body], [200, "hi"]);
});

Deno.test("timeouts: a head that comes too slowly is answered with 408", async () => {
  await using backend = new HttpBackend(() => answerOf(200));
  await using scenario = await startHttp({
    backends: [backend.address],
    listener: { timeouts: { header: "400ms" } },
  });
  using stalled = await HttpClient.connect(scenario.address);
  using dripping = await HttpClient.connect(scenario.address);

  await stalled.send("GET / HTTP/1.1\r\nHost:");
  // Each byte comes in time; the whole head does not.
  const dripped = drip(dripping, `${GET.slice(0, -2)}${"X: 1\r\n".repeat(1000)}`);
  const answers = await Promise.all([stalled.read(), dripping.read()]);

  for (const answer of answers) {
    assertEquals([statusOf(answer), valueOf(answer, "X-Weir-Reason")], [408, "header_timeout"]);
    assertEquals(valueOf(answer, "Connection"), "close");
  }
  assertEquals(await stalled.end(), "ended");
  await dripped;
  assertEquals(backend.accepted, 0);
});

Deno.test("timeouts: the second head of a connection has the same time as the first", async () => {
  await using backend = new HttpBackend(() => answerOf(200));
  await using scenario = await startHttp({
    backends: [backend.address],
    listener: { timeouts: { header: "300ms", idle: "1h" } },
  });
  using client = await HttpClient.connect(scenario.address);

  await client.send(`${GET}GET / HT`);
  const answers = [await client.read(), await client.read()];

  assertEquals(answers.map(statusOf), [200, 408]);
});

for (const [what, requests] of [["after a request", 1], ["that was never used", 0]] as const) {
  Deno.test(`timeouts: an idle connection ${what} is closed without a word`, async () => {
    await using backend = new HttpBackend(() => answerOf(200));
    await using scenario = await startHttp({
      backends: [backend.address],
      // A connection that was never used has the time for a head.
      listener: { timeouts: requests === 0 ? { header: "300ms" } : { idle: "300ms" } },
    });
    using client = await HttpClient.connect(scenario.address);
    for (let i = 0; i < requests; i++) await client.ask(GET);

    const start = performance.now();
    assertEquals(await client.end(), "ended");

    assertEquals(client.wire.rest, "");
    assertLess(performance.now() - start, 5000);
    await eventually("the count", async () => {
      assertEquals((await scenario.listenerStatus()).active, 0);
    });
  });
}

for (
  const [framing, start] of [
    ["Content-Length: 100", "slow"],
    ["Transfer-Encoding: chunked", "4\r\nslow\r\n"],
  ] as const
) {
  Deno.test(`timeouts: a body that stops coming is answered with 408 (${framing})`, async () => {
    await using backend = new HttpBackend(() => answerOf(200));
    await using scenario = await startHttp({
      backends: [backend.address],
      listener: { timeouts: { body: "300ms" } },
    });
    using client = await HttpClient.connect(scenario.address);

    await client.send(headOf("POST / HTTP/1.1", "Host: a", framing) + start);
    const answer = await client.read();

    assertEquals([statusOf(answer), valueOf(answer, "X-Weir-Reason")], [408, "body_timeout"]);
    assertEquals(await client.end(), "ended");
    await eventually("the backend to be let go", () => assertEquals(backend.open, 0));
    assertEquals(backend.requests, []);
    await eventually("the count", async () => {
      const [status] = await scenario.backendStatus();
      assertEquals([status?.failures, status?.inFlight], [0, 0]);
    });
  });
}

Deno.test("timeouts: a body that comes slowly, but comes, has all the time it needs", async () => {
  await using backend = new HttpBackend(({ request }) => answerOf(200, request.body));
  await using scenario = await startHttp({
    backends: [backend.address],
    listener: { timeouts: { body: "500ms" } },
    upstream: { response_timeout: "500ms" },
  });
  using client = await HttpClient.connect(scenario.address);

  await client.send(headOf("POST / HTTP/1.1", "Host: a", "Content-Length: 15"));
  await drip(client, "fifteen letters", 60);
  const answer = await client.read();

  assertEquals(answer.body, "fifteen letters");
});

Deno.test("timeouts: a client that does not take its answer is cut", async () => {
  const ended = Promise.withResolvers<void>();
  let sent = 0;
  await using backend = new TestServer(async (conn) => {
    const wire = new Wire(conn);
    await wire.readRequest();
    await wire.send(headOf("HTTP/1.1 200 OK", `Content-Length: ${1024 * MIB}`));
    try {
      const block = new Uint8Array(MIB);
      for (;;) {
        await writeAll(conn, block);
        sent += MIB;
      }
    } finally {
      ended.resolve();
    }
  });
  await using scenario = await startHttp({
    backends: [backend.address],
    listener: { timeouts: { body: "500ms" } },
    upstream: NO_RETRY,
  });
  using client = await HttpClient.connect(scenario.address);

  await client.send(GET);
  await within("Weir to let go of the backend", ended.promise);

  assertGreaterOrEqual(sent, MIB);
  assertLess(sent, 1024 * MIB);
  await eventually("the count", async () => {
    assertEquals((await scenario.listenerStatus()).active, 0);
    assertEquals((await scenario.backendStatus()).map(({ inFlight }) => inFlight), [0]);
  });
});

Deno.test("timeouts: a backend that stops in the middle of its answer is cut, the client too", async () => {
  await using backend = new HttpBackend(async ({ wire, disposed }) => {
    await wire.send(headOf("HTTP/1.1 200 OK", "Content-Length: 10") + "12345");
    await disposed;
    return undefined;
  });
  await using scenario = await startHttp({
    backends: [backend.address],
    upstream: { response_timeout: "300ms" },
  });
  using client = await HttpClient.connect(scenario.address);

  await client.send(GET);
  await client.end();

  assertEquals(client.wire.received.endsWith("\r\n\r\n12345"), true, client.wire.received);
  assertEquals(backend.requests.length, 1);
  await scenario.waitForLog(/warning Answer cut short.* upstream=app .*reason=timeout/);
  const [status] = await scenario.backendStatus();
  assertEquals([(await scenario.listenerStatus()).answersCut, status?.failures], [1, 1]);
});

/** A request with these fields beside `Host`. */
function head(...lines: readonly string[]): string {
  return headOf("GET / HTTP/1.1", "Host: a", ...lines);
}

function fields(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `X-${i}: ${i}`);
}

/** Sends a byte every so often, as long as somebody takes them. */
async function drip(client: HttpClient, text: string, everyMs = 20): Promise<void> {
  for (const letter of text) {
    try {
      await client.send(letter);
    } catch {
      return;
    }
    await pause(everyMs);
  }
}

/** A listener with little room. */
const SMALL_LIMITS = {
  limits: { header_bytes: "4KiB", header_count: 20, body_bytes: "1KiB" },
};

/** What is over a limit, with the answer and its reason. */
const OVER_LIMITS = [
  ["a head over header_bytes", head(`X: ${"x".repeat(5000)}`), 431, "headers_too_large"],
  [
    "a head that never ends",
    `GET / HTTP/1.1\r\nX: ${"x".repeat(9000)}`,
    431,
    "headers_too_large",
  ],
  ["more fields than header_count", head(...fields(20)), 431, "too_many_fields"],
  [
    "a target over the limit",
    `GET /${"x".repeat(9000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
    414,
    "uri_too_long",
  ],
  ["a target that never ends", `GET /${"x".repeat(20_000)}`, 414, "uri_too_long"],
  [
    "a length over body_bytes",
    headOf("POST / HTTP/1.1", "Host: a", "Content-Length: 1025", "Expect: 100-continue"),
    413,
    "body_too_large",
  ],
  [
    "chunks over body_bytes",
    headOf("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked") +
    chunked(["x".repeat(1000), "x".repeat(25)]),
    413,
    "body_too_large",
  ],
  ["CONNECT", headOf("CONNECT a:443 HTTP/1.1", "Host: a:443"), 405, "connect_refused"],
] as const;
