import { assertEquals, assertMatch } from "@std/assert";
import { HttpBackend } from "../support/http_backend.ts";
import { HttpClient } from "../support/http_client.ts";
import { NO_RETRY, startHttp } from "../support/http_scenario.ts";
import { answerOf, headOf, statusOf, valueOf, valuesOf } from "../support/http_wire.ts";
import { randomLoopback } from "../support/free_port.ts";
import { eventually, within } from "../support/wait.ts";

const GET = headOf("GET / HTTP/1.1", "Host: a");
const HANDSHAKE = headOf(
  "GET /chat HTTP/1.1",
  "Host: a",
  "Connection: keep-alive, Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Protocol: chat",
);
const SWITCH = headOf(
  "HTTP/1.1 101 Switching Protocols",
  "Connection: upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
);

Deno.test("an upgrade: the handshake goes through, then bytes go both ways as they are", async () => {
  await using backend = new HttpBackend(async ({ wire }) => {
    await wire.send(`${SWITCH}first`);
    for (;;) await wire.send((await wire.readExactly(6)).toUpperCase());
  });
  await using scenario = await startHttp({ backends: [backend.address] });
  using client = await HttpClient.connect(scenario.address);

  // Neither side waits for the other: what comes right behind a head is not lost.
  await client.send(`${HANDSHAKE}early!`);
  const answer = await client.read();
  assertEquals(await client.wire.readExactly(11), "firstEARLY!");
  for (const message of ["GET / ", "\0\r\n\r\n\x7f", "abcdef"]) {
    await client.send(message);
    assertEquals(await client.wire.readExactly(6), message.toUpperCase());
  }

  assertEquals(statusOf(answer), 101);
  assertEquals(valuesOf(answer, "Upgrade"), ["websocket"]);
  assertMatch(valueOf(answer, "Connection") ?? "", /^upgrade$/i);
  assertEquals(valueOf(answer, "Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  const { request } = backend;
  assertEquals(valuesOf(request, "Upgrade"), ["websocket"]);
  assertMatch(valueOf(request, "Connection") ?? "", /^upgrade$/i);
  assertEquals(valueOf(request, "Sec-WebSocket-Key"), "dGhlIHNhbXBsZSBub25jZQ==");
  assertEquals(valueOf(request, "Sec-WebSocket-Protocol"), "chat");
});

Deno.test("an upgrade: the end of either side ends the other, and nothing is left open", async () => {
  await using backend = new HttpBackend(async ({ wire }) => {
    await wire.send(SWITCH);
    // "q" makes the backend end first; else it waits for the client's end.
    if (await wire.readExactly(1) !== "q") await wire.end();
    return undefined;
  });
  await using scenario = await startHttp({ backends: [backend.address] });

  for (const letter of ["q", "c"]) {
    using client = await HttpClient.connect(scenario.address);
    await client.send(HANDSHAKE);
    assertEquals(statusOf(await client.read()), 101);
    await client.send(letter);
    if (letter === "q") assertEquals(await client.end(), "ended");
    else client[Symbol.dispose]();
    await eventually("the backend's connection to end", () => assertEquals(backend.open, 0));
  }

  await eventually("the counts", async () => {
    assertEquals((await scenario.listenerStatus()).active, 0);
    assertEquals((await scenario.backendStatus()).map(({ inFlight }) => inFlight), [0]);
  });
});

Deno.test("an upgrade: a tunnel that is silent for too long is closed", async () => {
  await using backend = new HttpBackend(async ({ wire }) => {
    await wire.send(SWITCH);
    await wire.end();
    return undefined;
  });
  await using scenario = await startHttp({
    backends: [backend.address],
    listener: { timeouts: { tunnel: "400ms", idle: "1h", body: "1h", header: "1h" } },
  });
  using client = await HttpClient.connect(scenario.address);

  await client.send(HANDSHAKE);
  assertEquals(statusOf(await client.read()), 101);

  assertEquals(await client.end(), "ended");
  await eventually("the backend's connection to end", () => assertEquals(backend.open, 0));
});

Deno.test("an upgrade: a tunnel outlives the timeouts of requests", async () => {
  await using backend = new HttpBackend(async ({ wire }) => {
    await wire.send(SWITCH);
    for (;;) await wire.send(await wire.readExactly(1));
  });
  await using scenario = await startHttp({
    backends: [backend.address],
    listener: { timeouts: { tunnel: "1h", idle: "100ms", body: "100ms", header: "100ms" } },
    upstream: { response_timeout: "100ms" },
  });
  using client = await HttpClient.connect(scenario.address);
  using other = await HttpClient.connect(scenario.address);

  await client.send(HANDSHAKE);
  assertEquals(statusOf(await client.read()), 101);
  // Another connection, idle, shows that the time is up.
  assertEquals(await other.end(), "ended");
  await client.send("x");

  assertEquals(await client.wire.readExactly(1), "x");
});

Deno.test("an upgrade that the backend refuses leaves HTTP on the connection", async () => {
  await using backend = new HttpBackend(({ request }) =>
    request.line.includes("/chat")
      ? answerOf(
        426,
        "no",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
      )
      : answerOf(200, request.line)
  );
  await using scenario = await startHttp({ backends: [backend.address] });
  using client = await HttpClient.connect(scenario.address);

  // Taken for a tunnel, what follows would go past every check.
  await client.send(HANDSHAKE + GET);
  const refusal = await client.read();
  const answer = await client.read();
  await client.send("GET / HTTP/1.1\r\nHost : a\r\n\r\n");
  const last = await client.read();

  assertEquals([refusal, answer, last].map(statusOf), [426, 200, 400]);
  assertEquals(refusal.body, "no");
  assertEquals(backend.requests.length, 2);
});

for (
  const [what, fields] of [
    ["that Weir does not let through", [
      "Connection: Upgrade, HTTP2-Settings",
      "Upgrade: h2c",
      "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
    ]],
    ["that Connection does not list", ["Upgrade: websocket"]],
  ] as const
) {
  Deno.test(`an upgrade ${what} is an ordinary request, and a 101 is 502`, async () => {
    await using backend = new HttpBackend(async ({ request, wire }) => {
      if (request.line.includes("/polite")) return answerOf(200, "polite");
      await wire.send(SWITCH);
      await wire.end();
      return undefined;
    });
    await using scenario = await startHttp({ backends: [backend.address], upstream: NO_RETRY });
    using client = await HttpClient.connect(scenario.address);

    const polite = await client.ask(headOf("GET /polite HTTP/1.1", "Host: a", ...fields));
    const bad = await client.ask(headOf("GET / HTTP/1.1", "Host: a", ...fields));

    assertEquals([statusOf(polite), polite.body], [200, "polite"]);
    assertEquals([statusOf(bad), valueOf(bad, "X-Weir-Reason")], [502, "bad_response"]);
    for (const request of backend.requests) {
      for (const name of ["Upgrade", "Connection", "HTTP2-Settings"]) {
        assertEquals(valueOf(request, name), undefined);
      }
    }
  });
}

Deno.test("an upgrade to one of several protocols: only those let through are offered", async () => {
  await using backend = new HttpBackend(async ({ wire }) => {
    await wire.send(SWITCH);
    await wire.end();
    return undefined;
  });
  await using scenario = await startHttp({ backends: [backend.address] });
  using client = await HttpClient.connect(scenario.address);

  const request = HANDSHAKE.replace("Upgrade: websocket", "Upgrade: h2c, WebSocket, TLS/1.0");
  assertEquals(statusOf(await client.ask(request)), 101);

  assertEquals(valueOf(backend.request, "Upgrade")?.toLowerCase(), "websocket");
});

Deno.test("a backend that switches to another protocol than was asked for: 502", async () => {
  await using backend = new HttpBackend(async ({ wire }) => {
    await wire.send(headOf("HTTP/1.1 101 Switch", "Connection: Upgrade", "Upgrade: other"));
    await wire.end();
    return undefined;
  });
  await using scenario = await startHttp({ backends: [backend.address], upstream: NO_RETRY });
  using client = await HttpClient.connect(scenario.address);

  const answer = await client.ask(HANDSHAKE);

  assertEquals([statusOf(answer), valueOf(answer, "X-Weir-Reason")], [502, "bad_response"]);
});

Deno.test("Deno's own WebSocket client and server talk through Weir", async () => {
  await using server = Deno.serve(
    { hostname: randomLoopback(), port: 0, onListen: () => {} },
    (request) => {
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.onmessage = ({ data }) => socket.send(data);
      return response;
    },
  );
  const { hostname, port } = server.addr;
  await using scenario = await startHttp({ backends: [`${hostname}:${port}`] });
  const messages = ["hello", "", "x".repeat(100_000), "\u{1f600}", "last"];

  const socket = new WebSocket(`ws://${scenario.address}/chat`);
  const closed = Promise.withResolvers<CloseEvent>();
  const received: unknown[] = [];
  socket.onopen = () => messages.forEach((message) => socket.send(message));
  socket.onmessage = ({ data }) => {
    received.push(data);
    if (received.length === messages.length) socket.close(1000, "done");
  };
  socket.onclose = closed.resolve;
  const { code, wasClean } = await within("the end of the conversation", closed.promise);

  assertEquals([code, wasClean], [1000, true]);
  assertEquals(received, messages);
});
