import { assertEquals, assertRejects } from "@std/assert";
import { connectTo } from "../support/clients.ts";
import { HttpBackend } from "../support/http_backend.ts";
import { HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { answerOf, chunked, headOf, statusOf, valueOf } from "../support/http_wire.ts";
import { eventually } from "../support/wait.ts";

const GET = headOf("GET / HTTP/1.1", "Host: a");

for (const [what, path] of [["is waited for", "/late"], ["is on its way", "/half"]] as const) {
  Deno.test(`SIGTERM: an answer that ${what} is finished, idle connections are closed, exit 0`, async () => {
    const gate = Promise.withResolvers<void>();
    await using backend = new HttpBackend(async ({ request, wire }) => {
      if (request.line.includes("/half")) {
        await wire.send(headOf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + "2\r\nhi\r\n");
      } else if (!request.line.includes("/late")) return answerOf(200);
      await gate.promise;
      return request.line.includes("/half") ? chunked([" there"]) : answerOf(200, "hi there");
    });
    await using scenario = await startHttp({
      backends: [backend.address],
      workers: 2,
      top: { shutdown_timeout: "1m" },
    });
    using used = await HttpClient.connect(scenario.address);
    await used.ask(GET);
    using unused = await HttpClient.connect(scenario.address);
    using busy = await HttpClient.connect(scenario.address);
    // Pipelined behind it: too late.
    await busy.send(headOf(`GET ${path} HTTP/1.1`, "Host: a") + GET);
    await eventually("the request", () => assertEquals(backend.requests.length, 2));
    if (path === "/half") await busy.wire.readHead();

    scenario.weir.signal("SIGTERM");

    assertEquals([await used.end(), await unused.end()], ["ended", "ended"]);
    assertEquals(used.wire.rest + unused.wire.rest, "");
    await untilRefused(scenario.address);
    gate.resolve();
    if (path === "/late") {
      const answer = await busy.read();
      assertEquals([statusOf(answer), answer.body], [200, "hi there"]);
      assertEquals(valueOf(answer, "Connection"), "close");
    } else {
      assertEquals([await busy.wire.readChunk(), await busy.wire.readChunk()], ["hi", " there"]);
      assertEquals(await busy.wire.readExactly(5), "0\r\n\r\n");
    }
    await busy.end();
    assertEquals(busy.wire.rest, "");
    assertEquals(backend.requests.length, 2);
    const { code, stderr } = await scenario.weir.finished();
    assertEquals(code, 0, stderr);
  });
}

Deno.test("SIGTERM: a request whose body is on its way is finished", async () => {
  await using backend = new HttpBackend(({ request }) => answerOf(200, request.body));
  await using scenario = await startHttp({
    backends: [backend.address],
    top: { shutdown_timeout: "1m" },
  });
  using client = await HttpClient.connect(scenario.address);
  await client.send(headOf("POST / HTTP/1.1", "Host: a", "Content-Length: 10") + "12345");
  await eventually("the head", () => assertEquals(backend.received.endsWith("12345"), true));

  scenario.weir.signal("SIGTERM");
  await untilRefused(scenario.address);
  await client.send("67890");
  const answer = await client.read();

  assertEquals([answer.body, valueOf(answer, "Connection")], ["1234567890", "close"]);
  const { code, stderr } = await scenario.weir.finished();
  assertEquals(code, 0, stderr);
});

Deno.test("SIGTERM: a request that does not finish is cut at shutdown_timeout, exit 0", async () => {
  await using backend = new HttpBackend(async ({ wire }) => {
    await wire.send(headOf("HTTP/1.1 200 OK", "Content-Length: 10") + "12345");
    await wire.end();
    return undefined;
  });
  await using scenario = await startHttp({
    backends: [backend.address],
    top: { shutdown_timeout: "300ms" },
  });
  using client = await HttpClient.connect(scenario.address);
  await client.send(GET);
  await client.wire.readHead();

  const { code, stderr } = await scenario.stop();

  assertEquals(code, 0, stderr);
  await client.end();
  assertEquals(client.wire.received.endsWith("\r\n\r\n12345"), true);
  await eventually("the backend's connection to end", () => assertEquals(backend.open, 0));
});

for (
  const [what, bytes] of [
    ["half a head", "GET / HTTP/1.1\r\nHost:"],
    ["nothing", ""],
  ] as const
) {
  Deno.test(`SIGTERM: a client that has sent ${what} does not hold up the end`, async () => {
    await using backend = new HttpBackend(() => answerOf(200));
    await using scenario = await startHttp({
      backends: [backend.address],
      listener: { timeouts: { header: "500ms" } },
      top: { shutdown_timeout: "1h" },
    });
    using client = await HttpClient.connect(scenario.address);
    await client.send(bytes);
    await eventually("the connection", async () => {
      assertEquals((await scenario.listenerStatus()).active, 1);
    });

    const { code, stderr } = await scenario.stop();

    assertEquals(code, 0, stderr);
  });
}

Deno.test("SIGTERM: idle connections to backends do not hold up the end", async () => {
  await using backend = new HttpBackend(() => answerOf(200));
  await using scenario = await startHttp({ backends: [backend.address], workers: 2 });
  using client = await HttpClient.connect(scenario.address);
  await client.ask(GET);

  const { code, stderr } = await scenario.stop();

  assertEquals(code, 0, stderr);
  await eventually("the backend's connection to end", () => assertEquals(backend.open, 0));
  assertEquals(backend.faults, []);
});

/** Waits until every thread has closed its listener: then it knows that it drains. */
async function untilRefused(address: string): Promise<void> {
  await eventually("the listener to close", async () => {
    await assertRejects(() => connectOnce(address), Deno.errors.ConnectionRefused);
  });
}

async function connectOnce(address: string): Promise<void> {
  using _conn = await connectTo(address);
}
