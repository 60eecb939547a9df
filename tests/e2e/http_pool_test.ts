import { assertEquals } from "@std/assert";
import { Gate } from "../support/gate.ts";
import { type Answering, HttpBackend } from "../support/http_backend.ts";
import { askOnce, HttpClient } from "../support/http_client.ts";
import { NO_RETRY, startHttp } from "../support/http_scenario.ts";
import { TestServer } from "../support/servers.ts";
import { answerOf, headOf, statusOf, valueOf, Wire } from "../support/http_wire.ts";
import { eventually, within } from "../support/wait.ts";

const GET = headOf("GET / HTTP/1.1", "Host: a");
const POST = headOf("POST / HTTP/1.1", "Host: a", "Content-Length: 4") + "body";
const EMPTY_POST = headOf("POST / HTTP/1.1", "Host: a", "Content-Length: 0");
const PUT = POST.replace("POST", "PUT");

Deno.test("clients one after the other share one connection to the backend", async () => {
  await using backend = new HttpBackend(({ turn }) => answerOf(200, String(turn)));
  await using scenario = await startHttp({ backends: [backend.address] });

  const turns = [];
  for (let i = 0; i < 20; i++) {
    turns.push((await askOnce(scenario.address, i % 2 === 0 ? GET : POST)).body);
  }

  assertEquals(turns, Array.from({ length: 20 }, (_, i) => String(i)));
  assertEquals(backend.accepted, 1);
  const [status] = await scenario.backendStatus();
  assertEquals([status?.requests, status?.connections, status?.reuses], [20, 1, 19]);
});

Deno.test("the connection used last is used first", async () => {
  const gate = new Gate();
  await using backend = new HttpBackend(async ({ connection, request }) => {
    if (request.line.includes("/held")) await gate.wait();
    return answerOf(200, String(connection));
  });
  await using scenario = await startHttp({ backends: [backend.address] });
  const held = headOf("GET /held HTTP/1.1", "Host: a");
  const answers = [askOnce(scenario.address, held), askOnce(scenario.address, held)];
  await eventually("both at the backend", () => assertEquals(gate.waiting, 2));
  gate.open();
  await Promise.all(answers);

  const first = await askOnce(scenario.address, GET);
  const others = [];
  for (let i = 0; i < 10; i++) others.push((await askOnce(scenario.address, GET)).body);

  assertEquals(new Set(others), new Set([first.body]));
  assertEquals(backend.accepted, 2);
});

for (
  const [what, leave] of [
    ["was ended by the backend", async ({ wire }) => {
      await wire.send(answerOf(200, "first"));
      await wire.conn.closeWrite();
      return await untilClosed(wire.conn);
    }],
    ["brought stray bytes", async ({ wire }) => {
      await wire.send(answerOf(200, "first"));
      await wire.send(answerOf(200, "nobody asked for this"));
      return await untilClosed(wire.conn);
    }],
    ["brought stray bytes with its answer", async ({ wire }) => {
      await wire.send(answerOf(200, "first") + answerOf(200, "nobody asked for this"));
      return await untilClosed(wire.conn);
    }],
    ["brought one stray byte with the end of its chunks", async ({ wire }) => {
      const head = headOf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked");
      await wire.send(`${head}5\r\nfirst\r\n0\r\n\r\n\n`);
      return await untilClosed(wire.conn);
    }],
    ["brought a body with an answer to HEAD", async ({ wire }) => {
      await wire.send(`${answerOf(200, "first")}`);
      return await untilClosed(wire.conn);
    }],
    ["was to be closed after the answer", async ({ wire }) => {
      await wire.send(answerOf(200, "first", "Connection: close"));
      return await untilClosed(wire.conn);
    }],
    ["was answered in HTTP/1.0", async ({ wire }) => {
      await wire.send(answerOf(200, "first").replace("HTTP/1.1", "HTTP/1.0"));
      return await untilClosed(wire.conn);
    }],
    ["told a length with 204", async ({ wire }) => {
      await wire.send(headOf("HTTP/1.1 204 No Content", "Content-Length: 5"));
      return await untilClosed(wire.conn);
    }],
  ] as const satisfies readonly (readonly [string, Answering])[]
) {
  Deno.test(`a connection that ${what} is closed and not used again`, async () => {
    const closed = Promise.withResolvers<void>();
    await using backend = new HttpBackend(async (exchange) => {
      if (exchange.connection > 0) return answerOf(200, "second");
      await leave(exchange);
      closed.resolve();
      return undefined;
    });
    await using scenario = await startHttp({ backends: [backend.address], upstream: NO_RETRY });
    using client = await HttpClient.connect(scenario.address);

    const asksHead = what.includes("HEAD");
    const first = await client.ask(asksHead ? GET.replace("GET", "HEAD") : GET);
    await within("Weir to close the connection", closed.promise);
    // Not repeatable: on a dead connection it could not be saved.
    const second = await client.ask(POST);

    assertEquals(first.body, asksHead || statusOf(first) === 204 ? "" : "first");
    assertEquals([statusOf(second), second.body], [200, "second"]);
    assertEquals([backend.accepted, backend.requests.length], [2, 2]);
  });
}

Deno.test("a connection whose request was not sent to its end is not used again", async () => {
  const lines: string[] = [];
  await using backend = new TestServer(async (conn) => {
    const wire = new Wire(conn);
    for (let head = await wire.readHead(); head !== undefined; head = await wire.readHead()) {
      lines.push(head.line);
      await wire.send(answerOf(200, head.line));
      // What comes now is the rest of the body, whoever sends it.
      await wire.readBody(head, "none");
    }
  });
  await using scenario = await startHttp({ backends: [backend.address] });
  using early = await HttpClient.connect(scenario.address);
  using late = await HttpClient.connect(scenario.address);

  await early.send(headOf("POST /early HTTP/1.1", "Host: a", "Content-Length: 200") + "half");
  const first = await early.read();
  const second = await late.ask(headOf("GET /late HTTP/1.1", "Host: a"));
  const third = await late.ask(headOf("GET /later HTTP/1.1", "Host: a"));

  const expected = ["POST /early HTTP/1.1", "GET /late HTTP/1.1", "GET /later HTTP/1.1"];
  assertEquals([first, second, third].map(({ body }) => body), expected);
  assertEquals(lines, expected);
});

for (const [method, request] of [["GET", GET], ["PUT", PUT]] as const) {
  for (const how of ["ends", "resets"] as const) {
    Deno.test(`a reused connection that ${how} before its answer: ${method} is asked again`, async () => {
      let connections = 0;
      await using backend = new TestServer(async (conn) => {
        const wire = new Wire(conn);
        const connection = connections++;
        for (let turn = 0;; turn++) {
          // With the rest unread the kernel sends RST.
          if (how === "resets" && connection === 0 && turn === 1) {
            await conn.read(new Uint8Array(1));
          } else if (await wire.readRequest() === undefined) return;
          if (connection === 0 && turn === 1) return;
          await wire.send(answerOf(200, String(connection)));
        }
      });
      // For free: this is no failure of the backend, and not one of its attempts.
      await using scenario = await startHttp({ backends: [backend.address], upstream: NO_RETRY });
      using client = await HttpClient.connect(scenario.address);

      const answers = [await client.ask(GET), await client.ask(request)];

      assertEquals(answers.map((answer) => [statusOf(answer), answer.body]), [[200, "0"], [
        200,
        "1",
      ]]);
      const [status] = await scenario.backendStatus();
      assertEquals([status?.failures, status?.connectFailures], [0, 0]);
    });
  }
}

for (const [how, request] of [["a body", POST], ["no body", EMPTY_POST]] as const) {
  Deno.test(`a reused connection that ends before its answer: POST with ${how} is not asked again`, async () => {
    await using backend = new HttpBackend(({ connection, turn }) => {
      if (connection === 0 && turn === 1) return undefined;
      return answerOf(200);
    });
    await using scenario = await startHttp({ backends: [backend.address] });
    using client = await HttpClient.connect(scenario.address);
    await client.ask(GET);

    const answer = await client.ask(request);

    assertEquals([statusOf(answer), valueOf(answer, "X-Weir-Reason")], [502, "upstream_reset"]);
    assertEquals(backend.requests.filter(({ line }) => line.startsWith("POST")).length, 1);
    assertEquals(statusOf(await client.ask(GET)), 200);
  });
}

Deno.test("a connection that dies after the first byte of its answer is not asked again", async () => {
  await using backend = new HttpBackend(async ({ connection, turn, wire }) => {
    if (connection === 0 && turn === 1) {
      await wire.send("HTTP/1.1 200 O");
      return undefined;
    }
    return answerOf(200);
  });
  await using scenario = await startHttp({ backends: [backend.address], upstream: NO_RETRY });
  using client = await HttpClient.connect(scenario.address);
  await client.ask(GET);

  const answer = await client.ask(GET);

  assertEquals(statusOf(answer), 502);
  assertEquals(backend.requests.length, 2);
});

/** Reads until Weir has closed the connection. */
async function untilClosed(conn: Deno.Conn): Promise<undefined> {
  const buffer = new Uint8Array(1024);
  // What is left unread when Weir closes makes its kernel reset.
  while ((await conn.read(buffer).catch(() => null)) !== null);
  return undefined;
}
