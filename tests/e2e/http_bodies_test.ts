import { assertEquals } from "@std/assert";
import { HttpBackend } from "../support/http_backend.ts";
import { askOnce, HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { TestServer } from "../support/servers.ts";
import {
  answerOf,
  chunked,
  headOf,
  statusOf,
  valueOf,
  valuesOf,
  Wire,
} from "../support/http_wire.ts";

for (
  const [what, sent, bodyEnd] of [
    ["a length", (body: string) => `Content-Length: ${body.length}\r\n\r\n${body}`, "length"],
    ["chunks", (body: string) => `Transfer-Encoding: chunked\r\n\r\n${chunk(body)}`, "chunked"],
  ] as const
) {
  Deno.test(`bodies with ${what} arrive as they are, both ways`, async () => {
    await using backend = new HttpBackend(({ request }) =>
      `HTTP/1.1 200 OK\r\n${sent(request.body)}`
    );
    await using scenario = await startHttp({ backends: [backend.address] });
    using client = await HttpClient.connect(scenario.address);

    for (const size of [0, 1, 15, 16, 1023, 1024, 8191, 8192, 8193, 65_536, 300_000]) {
      const body = bytesOf(size);
      const answer = await client.ask(`POST / HTTP/1.1\r\nHost: a\r\n${sent(body)}`);

      const request = backend.requests.at(-1)!;
      assertEquals(request.body === body, true, `request of ${size} bytes`);
      assertEquals(answer.body === body, true, `answer of ${size} bytes`);
      assertEquals([request.bodyEnd, answer.bodyEnd], [bodyEnd, bodyEnd]);
    }
    assertEquals(backend.accepted, 1);
  });
}

Deno.test("trailers go through both ways; chunk extensions and trailers of the hop do not", async () => {
  const coded = "5;a=b;c\r\nhello\r\n000;x\r\nX-Sum: 1\r\nConnection: x\r\nX-Sum2:  2 \r\n\r\n";
  await using backend = new HttpBackend(() =>
    headOf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Trailer: X-Sum") + coded
  );
  await using scenario = await startHttp({ backends: [backend.address] });

  const answer = await askOnce(
    scenario.address,
    headOf("POST / HTTP/1.1", "Host: a", "TE: trailers", "Transfer-Encoding: chunked") + coded,
  );

  for (const { body, trailers } of [backend.request, answer]) {
    assertEquals(body, "hello");
    assertEquals(trailers, [["X-Sum", "1"], ["X-Sum2", "2"]]);
  }
  assertEquals(valueOf(answer, "Trailer"), "X-Sum");
});

Deno.test("interim answers are passed on as they come, before the final one", async () => {
  await using backend = new HttpBackend(async ({ wire }) => {
    await wire.send(headOf("HTTP/1.1 103 Early Hints", "Link: </a.css>", "Connection: x", "X: 1"));
    await wire.send(headOf("HTTP/1.1 102 Processing"));
    return answerOf(200, "hi");
  });
  await using scenario = await startHttp({ backends: [backend.address] });
  using client = await HttpClient.connect(scenario.address);

  await client.send(headOf("GET / HTTP/1.1", "Host: a"));
  const [hints, processing, final] = [
    await client.read(),
    await client.read(),
    await client.read(),
  ];

  assertEquals(valueOf(hints, "Link"), "</a.css>");
  assertEquals(valuesOf(hints, "X"), []);
  assertEquals([hints, processing, final].map(statusOf), [103, 102, 200]);
  assertEquals(final.body, "hi");
});

Deno.test("Expect: 100-continue is the backend's to answer", async () => {
  await using backend = new TestServer(async (conn) => {
    const wire = new Wire(conn);
    const head = await wire.readHead();
    if (head === undefined || valueOf(head, "Expect") !== "100-continue") return;
    await wire.send(headOf("HTTP/1.1 100 Continue"));
    const { body } = await wire.readBody(head, "none");
    await wire.send(answerOf(200, body));
  });
  await using scenario = await startHttp({ backends: [backend.address] });
  using client = await HttpClient.connect(scenario.address);

  await client.send(
    headOf("POST / HTTP/1.1", "Host: a", "Expect: 100-continue", "Content-Length: 4"),
  );
  const interim = await client.read();
  await client.send("body");
  const answer = await client.read();

  assertEquals(interim, { ...interim, line: "HTTP/1.1 100 Continue", fields: [] });
  assertEquals(answer.body, "body");
});

Deno.test("HEAD, 204 and 304 have no body, whatever length they tell", async () => {
  await using backend = new HttpBackend(({ request: { line } }) => {
    if (line.startsWith("HEAD /length")) return headOf("HTTP/1.1 200 OK", "Content-Length: 9");
    if (line.startsWith("HEAD /chunks")) {
      return headOf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked");
    }
    if (line.startsWith("HEAD")) return headOf("HTTP/1.1 200 OK");
    if (line.includes("304")) return headOf("HTTP/1.1 304 Not Modified", "Content-Length: 9");
    if (line.includes("204")) return headOf("HTTP/1.1 204 No Content");
    return answerOf(200, "last");
  });
  await using scenario = await startHttp({ backends: [backend.address] });
  using client = await HttpClient.connect(scenario.address);

  const seen = [];
  for (const line of ["HEAD /length", "HEAD /chunks", "HEAD /", "GET /304", "GET /204", "GET /"]) {
    const answer = await client.ask(headOf(`${line} HTTP/1.1`, "Host: a"));
    seen.push([line, statusOf(answer), valueOf(answer, "Content-Length"), answer.body]);
  }

  assertEquals(seen, [
    ["HEAD /length", 200, "9", ""],
    ["HEAD /chunks", 200, undefined, ""],
    ["HEAD /", 200, undefined, ""],
    ["GET /304", 304, "9", ""],
    ["GET /204", 204, undefined, ""],
    ["GET /", 200, "4", "last"],
  ]);
  assertEquals(backend.accepted, 1);
});

Deno.test("pipelined requests are answered in order, one after the other", async () => {
  let underWay = 0;
  await using backend = new HttpBackend(async ({ request }) => {
    assertEquals(++underWay, 1);
    await Promise.resolve();
    underWay--;
    return answerOf(200, request.line + request.body);
  });
  await using scenario = await startHttp({ backends: [backend.address] });
  using client = await HttpClient.connect(scenario.address);

  const count = 200;
  let sent = "";
  for (let i = 0; i < count; i++) {
    const body = i % 3 === 0 ? "" : `body ${i}`;
    sent += i % 3 === 1
      ? headOf(`POST /${i} HTTP/1.1`, "Host: a", "Transfer-Encoding: chunked") + chunk(body)
      : headOf(`POST /${i} HTTP/1.1`, "Host: a", `Content-Length: ${body.length}`) + body;
  }
  await client.send(sent);

  for (let i = 0; i < count; i++) {
    const { body } = await client.read("POST");
    assertEquals(body, `POST /${i} HTTP/1.1${i % 3 === 0 ? "" : `body ${i}`}`);
  }
});

/** Chunks of uneven sizes. */
function chunk(body: string): string {
  const cut = Math.floor(body.length / 3);
  return chunked([body.slice(0, cut), body.slice(cut)].filter((part) => part !== ""));
}

/** Bytes of every value. */
function bytesOf(length: number): string {
  return Array.from({ length }, (_, i) => String.fromCharCode((i * 7 + (i >> 8)) & 0xff)).join("");
}
