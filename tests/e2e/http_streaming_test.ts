import { assertEquals, assertRejects } from "@std/assert";
import { HttpBackend } from "../support/http_backend.ts";
import { askOnce, HttpClient } from "../support/http_client.ts";
import { NO_RETRY, startHttp } from "../support/http_scenario.ts";
import { answerOf, headOf, statusOf, valueOf, Wire } from "../support/http_wire.ts";
import { silent, TestServer } from "../support/servers.ts";
import { eventually, within } from "../support/wait.ts";

const GET = headOf("GET / HTTP/1.1", "Host: a");
const MIB = 1024 * 1024;

Deno.test("server-sent events arrive as they come", async () => {
  const events = ["data: one\n\n", "data: two\n\n", "data: three\n\n"];
  const arrived = events.map(() => Promise.withResolvers<void>());
  await using backend = new HttpBackend(async ({ wire }) => {
    await wire.send(
      headOf("HTTP/1.1 200 OK", "Content-Type: text/event-stream", "Transfer-Encoding: chunked"),
    );
    for (const [index, event] of events.entries()) {
      await wire.send(`${event.length.toString(16)}\r\n${event}\r\n`);
      // The next one is not sent before this one is there.
      await within(`event ${index}`, arrived[index]!.promise);
    }
    return "0\r\n\r\n";
  });
  await using scenario = await startHttp({ backends: [backend.address] });
  using client = await HttpClient.connect(scenario.address);

  await client.send(GET);
  const head = await client.wire.readHead();
  for (const [index, event] of events.entries()) {
    assertEquals(await client.wire.readChunk(), event);
    arrived[index]!.resolve();
  }

  assertEquals(head && valueOf(head, "Content-Type"), "text/event-stream");
  assertEquals(await client.wire.readExactly(5), "0\r\n\r\n");
});

Deno.test("the head of an answer arrives before its body begins", async () => {
  const arrived = Promise.withResolvers<void>();
  await using backend = new HttpBackend(async ({ wire }) => {
    await wire.send(headOf("HTTP/1.1 200 OK", "Content-Length: 2"));
    await within("the head", arrived.promise);
    return "hi";
  });
  await using scenario = await startHttp({ backends: [backend.address] });
  using client = await HttpClient.connect(scenario.address);

  await client.send(GET);
  const head = await client.wire.readHead();
  arrived.resolve();

  assertEquals(head?.line.startsWith("HTTP/1.1 200"), true);
  assertEquals(await client.wire.readExactly(2), "hi");
});

Deno.test("a request's body arrives as it comes, and answers before its end go back at once", async () => {
  await using backend = new TestServer(async (conn) => {
    const wire = new Wire(conn);
    await wire.readHead();
    await wire.send(headOf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked"));
    for (let data = await wire.readChunk(); data !== ""; data = await wire.readChunk()) {
      await wire.send(`${data.length.toString(16)}\r\n${data}\r\n`);
    }
    await wire.readExactly(2);
    await wire.send("0\r\n\r\n");
  });
  await using scenario = await startHttp({ backends: [backend.address] });
  using client = await HttpClient.connect(scenario.address);

  await client.send(headOf("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked"));
  assertEquals(statusOf((await client.wire.readHead())!), 200);
  for (const word of ["one", "two", "three"]) {
    await client.send(`${word.length}\r\n${word}\r\n`);
    assertEquals(await client.wire.readChunk(), word);
  }
  await client.send("0\r\n\r\n");

  assertEquals(await client.wire.readExactly(5), "0\r\n\r\n");
});

Deno.test("an answer before the end of the request's body is not lost", async () => {
  await using backend = new TestServer(async (conn) => {
    const wire = new Wire(conn);
    await wire.readHead();
    await wire.send(answerOf(413, "too much", "Connection: close"));
  });
  await using scenario = await startHttp({ backends: [backend.address], upstream: NO_RETRY });

  for (let i = 0; i < 20; i++) {
    using client = await HttpClient.connect(scenario.address);
    const sent = client.send(
      headOf("POST / HTTP/1.1", "Host: a", `Content-Length: ${4 * MIB}`) + "x".repeat(4 * MIB),
    ).catch(() => {});
    const answer = await client.read();
    client[Symbol.dispose]();
    await sent;

    // A backend that closes on unread bytes resets, and that may destroy its answer.
    const isAnswered = statusOf(answer) === 413 && answer.body === "too much";
    assertEquals(isAnswered || valueOf(answer, "X-Weir-Reason") === "upstream_reset", true);
    if (isAnswered) assertEquals(valueOf(answer, "Connection"), "close");
  }
});

Deno.test("an early answer that leaves the body to be read: the client gets it and is closed", async () => {
  await using backend = new TestServer(async (conn, disposed) => {
    const wire = new Wire(conn);
    await wire.readHead();
    await wire.send(answerOf(401, "who are you"));
    await disposed;
  });
  await using scenario = await startHttp({ backends: [backend.address] });
  using client = await HttpClient.connect(scenario.address);

  await client.send(headOf("POST / HTTP/1.1", "Host: a", "Content-Length: 10") + "12345");
  const answer = await client.read();

  assertEquals([statusOf(answer), answer.body], [401, "who are you"]);
  assertEquals(valueOf(answer, "Connection"), "close");
  assertEquals(await client.end(), "ended");
});

for (
  const [when, begin] of [
    ["waits for an answer", (_wire: Wire) => Promise.resolve()],
    [
      "is being answered",
      (wire: Wire) =>
        wire.send(headOf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + "2\r\nhi\r\n"),
    ],
  ] as const
) {
  Deno.test(`a client that goes away while it ${when} ends the backend's connection`, async () => {
    await using backend = new HttpBackend(async ({ wire }) => {
      await begin(wire);
      await wire.end();
      return undefined;
    });
    await using scenario = await startHttp({ backends: [backend.address] });
    const client = await HttpClient.connect(scenario.address);

    await client.send(GET);
    await eventually("the request", () => assertEquals(backend.requests.length, 1));
    if (when === "is being answered") await client.wire.readHead();
    client[Symbol.dispose]();

    await eventually("the backend's connection to end", () => assertEquals(backend.open, 0));
    await eventually("the counts", async () => {
      const [status] = await scenario.backendStatus();
      // It is not the backend's fault.
      assertEquals([status?.inFlight, status?.failures], [0, 0]);
      assertEquals((await scenario.listenerStatus()).active, 0);
    });
  });
}

Deno.test("a client that goes away in the middle of its body: the backend sees no whole request", async () => {
  await using backend = new HttpBackend(() => answerOf(200));
  await using scenario = await startHttp({ backends: [backend.address] });

  for (const [index, framing] of ["Content-Length: 10", "Transfer-Encoding: chunked"].entries()) {
    using client = await HttpClient.connect(scenario.address);
    await client.send(headOf("POST / HTTP/1.1", "Host: a", framing) + "5\r\nqz");
    await eventually("the first bytes", () => {
      assertEquals(backend.wires[index]?.received.includes("qz"), true);
    });
    client[Symbol.dispose]();
    await eventually("the backend's connection to end", () => assertEquals(backend.open, 0));
  }

  assertEquals(backend.requests, []);
  assertEquals(backend.accepted, 2);
});

Deno.test("a client that goes away while Weir connects leaves nothing behind", async () => {
  await using backend = silent();
  await using scenario = await startHttp({ backends: [backend.address] });

  for (let i = 0; i < 50; i++) {
    using client = await HttpClient.connect(scenario.address);
    await client.send(GET);
  }

  await eventually("the counts", async () => {
    assertEquals((await scenario.listenerStatus()).active, 0);
    assertEquals((await scenario.backendStatus()).map(({ inFlight }) => inFlight), [0]);
  });
});

Deno.test("a backend that dies in the middle of a stream ends the client's connection", async () => {
  const backend = new HttpBackend(async ({ wire, disposed }) => {
    await wire.send(headOf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + "2\r\nhi\r\n");
    await disposed;
    return undefined;
  });
  await using scenario = await startHttp({ backends: [backend.address] });
  using client = await HttpClient.connect(scenario.address);

  await client.send(GET);
  await client.wire.readHead();
  assertEquals(await client.wire.readChunk(), "hi");
  await backend[Symbol.asyncDispose]();

  await assertRejects(() => client.wire.readChunk(), Error, "input ended after");
  assertEquals(statusOf(await askOnce(scenario.address, GET)), 502);
});
