import { assertEquals, assertNotEquals } from "@std/assert";
import { HttpBackend } from "../support/http_backend.ts";
import { HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { answerOf, chunked, headOf, statusOf, valueOf } from "../support/http_wire.ts";

Deno.test("Connection: close of the client ends its connection after the answer, and no other", async () => {
  await using backend = new HttpBackend(() => answerOf(200, "hi"));
  await using scenario = await startHttp({ backends: [backend.address] });

  for (let i = 0; i < 3; i++) {
    using client = await HttpClient.connect(scenario.address);
    const answer = await client.ask(headOf("GET / HTTP/1.1", "Host: a", "Connection: close"));
    assertEquals(valueOf(answer, "Connection"), "close");
    assertEquals(await client.end(), "ended");
    assertEquals(client.wire.rest, "");
  }

  assertEquals(backend.requests.map((request) => valueOf(request, "Connection")), [
    undefined,
    undefined,
    undefined,
  ]);
  assertEquals(backend.accepted, 1);
});

Deno.test("an HTTP/1.0 client gets an answer that it can read, and is closed", async () => {
  await using backend = new HttpBackend(async ({ request, wire }) => {
    if (request.line.startsWith("GET /length")) return answerOf(200, "length");
    await wire.send(headOf("HTTP/1.1 103 Early Hints", "Link: </a.css>"));
    return headOf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") +
      chunked(["chunks", "!"], "X-Sum: 1");
  });
  await using scenario = await startHttp({ backends: [backend.address] });

  const seen = [];
  for (const path of ["/length", "/chunks"]) {
    using client = await HttpClient.connect(scenario.address);
    const answer = await client.ask(headOf(`GET ${path} HTTP/1.0`));
    assertEquals(await client.end(), "ended");
    seen.push([statusOf(answer), answer.body, valueOf(answer, "Connection")]);
  }

  assertEquals(seen, [[200, "length", "close"], [200, "chunks!", "close"]]);
  assertEquals(backend.requests.map(({ line }) => line), [
    "GET /length HTTP/1.1",
    "GET /chunks HTTP/1.1",
  ]);
  assertEquals(backend.requests.map((request) => valueOf(request, "Via")), [
    "1.0 weir",
    "1.0 weir",
  ]);
});

Deno.test("an HTTP/1.0 client that asks for it keeps its connection", async () => {
  await using backend = new HttpBackend(() => answerOf(200, "hi"));
  await using scenario = await startHttp({ backends: [backend.address] });
  using client = await HttpClient.connect(scenario.address);

  for (let i = 0; i < 3; i++) {
    const answer = await client.ask(
      headOf("GET / HTTP/1.0", "Host: a", "Connection: keep-alive"),
    );
    assertEquals([answer.body, valueOf(answer, "Connection")], ["hi", "keep-alive"]);
  }

  assertEquals(backend.requests.length, 3);
});

Deno.test("an HTTP/1.0 backend: its answer ends with its connection, the client's goes on", async () => {
  await using backend = new HttpBackend(async ({ wire }) => {
    await wire.send(headOf("HTTP/1.0 200 OK", "X-Old: 1") + "until the end");
    return undefined;
  });
  await using scenario = await startHttp({ backends: [backend.address] });
  using client = await HttpClient.connect(scenario.address);

  for (let i = 0; i < 3; i++) {
    const answer = await client.ask(headOf("GET / HTTP/1.1", "Host: a"));
    assertEquals([answer.body, answer.bodyEnd], ["until the end", "chunked"]);
    assertEquals(valueOf(answer, "Via"), "1.0 weir");
    assertNotEquals(valueOf(answer, "Connection"), "close");
  }
  assertEquals(backend.accepted, 3);
});
