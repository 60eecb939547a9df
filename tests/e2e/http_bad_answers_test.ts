import { assertEquals, assertLess } from "@std/assert";
import { HttpBackend } from "../support/http_backend.ts";
import { HttpClient } from "../support/http_client.ts";
import { NO_RETRY, startHttp } from "../support/http_scenario.ts";
import { answerOf, headOf, statusOf, valueOf } from "../support/http_wire.ts";
import { TestServer } from "../support/servers.ts";
import { eventually } from "../support/wait.ts";

const GET = headOf("GET / HTTP/1.1", "Host: a");

Deno.test("an answer that is none: 502, nothing of it reaches the client, and the backend is blamed", async (t) => {
  const bytesOf = new Map<string, string>(NO_ANSWERS);
  await using backend = new HttpBackend(async ({ request, wire }) => {
    const bytes = bytesOf.get(valueOf(request, "X-Kind") ?? "");
    if (bytes === undefined) return answerOf(200, "fine");
    await wire.send(bytes);
    return undefined;
  });
  await using scenario = await startHttp({ backends: [backend.address], upstream: NO_RETRY });
  using client = await HttpClient.connect(scenario.address);

  for (const [kind] of NO_ANSWERS) {
    await t.step(kind, async () => {
      const answer = await client.ask(headOf("GET / HTTP/1.1", "Host: a", `X-Kind: ${kind}`));
      const reason = valueOf(answer, "X-Weir-Reason");

      // It had not come to its end, so nobody can say what it would have been.
      const expected = kind === "a head that ends early" ? "upstream_reset" : "bad_response";
      assertEquals([statusOf(answer), reason], [502, expected]);
      assertEquals((await client.ask(GET)).body, "fine");
    });
  }
  assertEquals(backend.requests.length, 2 * NO_ANSWERS.length);
  await t.step("counted as failures of the backend", async () => {
    assertEquals((await scenario.backendStatus())[0]?.failures, NO_ANSWERS.length);
  });
});

Deno.test("a backend that never ends its interim answers: 502", async () => {
  await using backend = new TestServer(async (conn) => {
    const bytes = new TextEncoder().encode(headOf("HTTP/1.1 100 Continue").repeat(100));
    for (;;) await conn.write(bytes);
  });
  await using scenario = await startHttp({ backends: [backend.address], upstream: NO_RETRY });
  using client = await HttpClient.connect(scenario.address);

  await client.send(GET);
  let answer = await client.read();
  for (let i = 0; i < 1000 && statusOf(answer) < 200; i++) answer = await client.read();

  assertEquals([statusOf(answer), valueOf(answer, "X-Weir-Reason")], [502, "bad_response"]);
  await eventually("the backend to be let go", () => assertEquals(backend.open, 0));
});

Deno.test("an answer that is cut is cut for the client, never ended as if it were whole", async (t) => {
  const bytesOf = new Map<string, string>(CUT_ANSWERS);
  await using backend = new HttpBackend(async ({ request, wire }) => {
    await wire.send(bytesOf.get(valueOf(request, "X-Kind") ?? "") ?? "");
    return undefined;
  });
  await using scenario = await startHttp({ backends: [backend.address] });

  for (const [kind, bytes] of CUT_ANSWERS) {
    for (const version of ["HTTP/1.1", "HTTP/1.0"] as const) {
      // A client that only knows the end of the connection cannot tell one FIN from another.
      if (version === "HTTP/1.0" && bytes.includes("chunked")) continue;
      await t.step(`${kind}, to ${version}`, async () => {
        using client = await HttpClient.connect(scenario.address);
        const before = backend.requests.length;

        const fields = ["Host: a", "Connection: keep-alive", `X-Kind: ${kind}`];
        await client.send(headOf(`GET / ${version}`, ...fields));
        await client.end();

        const { received } = client.wire;
        const [head = "", body = ""] = received.split("\r\n\r\n");
        // Nothing at all is as good: that is no answer either.
        if (received !== "") assertEquals(head.split("\r\n")[0], "HTTP/1.1 200 OK");
        if (head.includes("chunked")) assertEquals(received.includes("0\r\n\r\n"), false);
        else assertLess(body.length, 10);
        assertEquals(backend.requests.length, before + 1);
      });
    }
  }
});

/** What a backend sends that is no answer. */
const NO_ANSWERS = [
  ["garbage", "garbage\r\n\r\n"],
  ["HTTP/2", "\0\0\x12\x04\0\0\0\0\0\r\n\r\n"],
  ["HTTP/0.9", "<html>hello</html>\n\n"],
  ["a status of two digits", headOf("HTTP/1.1 20 OK", "Content-Length: 0")],
  ["status 600", headOf("HTTP/1.1 600 Odd", "Content-Length: 0")],
  ["status 099", headOf("HTTP/1.1 099 Odd", "Content-Length: 0")],
  ["HTTP/3.0", headOf("HTTP/3.0 200 OK", "Content-Length: 0")],
  ["both framings", headOf("HTTP/1.1 200 OK", "Content-Length: 0", "Transfer-Encoding: chunked")],
  ["two lengths", headOf("HTTP/1.1 200 OK", "Content-Length: 0", "Content-Length: 1")],
  ["a length that is none", headOf("HTTP/1.1 200 OK", "Content-Length: x")],
  ["an unknown coding", headOf("HTTP/1.1 200 OK", "Transfer-Encoding: x")],
  ["space before a colon", headOf("HTTP/1.1 200 OK", "X : 1", "Content-Length: 0")],
  ["obs-fold", headOf("HTTP/1.1 200 OK", "X: 1", " 2", "Content-Length: 0")],
  ["bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"],
  ["NUL in a value", headOf("HTTP/1.1 200 OK", "X: \0", "Content-Length: 0")],
  ["a bare CR in a value", headOf("HTTP/1.1 200 OK", "X: \rY: 1", "Content-Length: 0")],
  ["a control byte in the phrase", headOf("HTTP/1.1 200 O\x1bK", "Content-Length: 0")],
  ["a head of 100 KiB", headOf("HTTP/1.1 200 OK", `X: ${"x".repeat(100 * 1024)}`)],
  ["a flood of fields", headOf("HTTP/1.1 200 OK", ...Array.from({ length: 2000 }, () => "X: 1"))],
  [
    "101 that nobody asked for",
    headOf("HTTP/1.1 101 Switch", "Connection: Upgrade", "Upgrade: x"),
  ],
  ["a head that ends early", "HTTP/1.1 200 OK\r\nContent-Le"],
] as const;

/** Answers that end before their end. */
const CUT_ANSWERS = [
  ["a length", headOf("HTTP/1.1 200 OK", "Content-Length: 10") + "12345"],
  ["no byte of its length", headOf("HTTP/1.1 200 OK", "Content-Length: 10")],
  ["chunks", headOf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + "5\r\n12345\r\n"],
  ["half a chunk", headOf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + "a\r\n12345"],
  [
    "half a last chunk",
    headOf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + "1\r\n1\r\n0\r\n",
  ],
  [
    "a bad chunk",
    headOf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + "1\r\n1\r\nX\r\n\r\n",
  ],
] as const;
