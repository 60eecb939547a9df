import { assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import { get, HttpBench, ok, RESPONSE_MS } from "../support/memory_http.ts";

Deno.test("HttpExchange counts a request by who answered it and how, once, with its time", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await client.say(get());
  const server = await b.take();
  await server.hear();
  await b.paced.pass(200);
  await server.say(ok());
  await client.hear();

  await client.say(get());
  await server.hear();
  await server.say("HTTP/1.1 299 Hm\r\nContent-Length: 0\r\n\r\n");
  await client.hear();

  const { metrics } = b;
  assertEquals(metrics.answers(0, 0, 0), [["200", 1], ["2xx", 1]]);
  assertEquals([metrics.answers(0, 0), metrics.ownAnswers(0)], [[], []]);
  const { count, sum, cumulative } = metrics.durations(0, 0);
  assertEquals([count, cumulative[0]], [2, 1]);
  assertGreaterOrEqual(sum, 0.2);
  assertLess(sum, 0.5);
});

Deno.test("HttpExchange counts bytes as they are on the client's connection", async () => {
  using b = new HttpBench();
  const client = b.connect();
  const question =
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  await client.say(question);
  const server = await b.take();
  await server.hear();
  await server.say(ok("whole"));
  let answers = await client.hear();
  await client.say(get());
  await server.hear();
  await server.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
  answers += await client.hear();
  await server.say("20000\r\n");
  await server.say("x".repeat(0x20000));
  answers += await client.hear();
  await server.say("\r\n0\r\n\r\n");
  answers += await client.hear();

  assertEquals(b.metrics.traffic(0), {
    received: question.length + get().length,
    sent: answers.length,
  });
});

Deno.test("HttpExchange counts the bytes of a tunnel and of both its heads", async () => {
  using b = new HttpBench();
  const client = b.connect();
  const question = get("/", "Connection: Upgrade\r\nUpgrade: chat\r\n");
  await client.say(question);
  const server = await b.take();
  await server.hear();
  // Read before the tunnel is there, and behind the backend's head.
  await client.say("early");
  await server.say("HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\nhello");
  let answers = await client.hear();
  await client.say("later");
  await server.say("yes");
  answers += await client.hear();
  assertEquals(await server.hear(), "earlylater");

  assertEquals(b.metrics.traffic(0), {
    received: question.length + "earlylater".length,
    sent: answers.length,
  });
  assertEquals(b.metrics.answers(0, 0, 0), [["101", 1]]);
  assertEquals(b.metrics.durations(0, 0).count, 1);
});

Deno.test("HttpExchange counts a client that left before its answer as 499", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await client.say(get());
  await b.take();

  await client.close();

  assertEquals(b.answers, { 499: 1 });
  assertEquals(b.metrics.durations(0, 0).count, 1);
});

Deno.test("HttpExchange counts an answer that was cut by the status that its client saw", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await client.say(get());
  const server = await b.take();
  await server.hear();
  await server.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");

  await server.close();

  assertEquals(b.metrics.answers(0, 0, 0), [["200", 1]]);
  assertEquals(b.counted("answersCut"), 1);
});

Deno.test("HttpExchange counts retries by reason, and Weir's answer with its word", async () => {
  using b = new HttpBench({ backends: 2, upstream: { retry: RETRIES } });
  const client = b.connect();
  await client.say(get());
  const first = await Promise.race([0, 1].map((backend) => b.take(backend)));
  await first.hear();
  await first.close();
  await b.paced.pass(RESPONSE_MS + 500);
  await client.hear();

  assertEquals(b.metrics.retries(0, 0), [["reset", 1]]);
  assertEquals([b.metrics.answers(0, 0), b.metrics.rejected(0)], [[["504", 1]], [["timeout", 1]]]);
});

Deno.test("HttpExchange counts a free retry on a dead idle connection as stale", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await client.say(get());
  const server = await b.take();
  await server.hear();
  await server.say(ok());
  await client.hear();
  await client.say(get());
  await server.hear();
  await server.close();
  const fresh = await b.take();
  await fresh.hear();
  await fresh.say(ok());
  await client.hear();

  assertEquals([b.metrics.retries(0, 0), b.metrics.paidRetries(0)], [[["stale", 1]], 0]);
  assertEquals(b.answers, { 200: 2 });
});

Deno.test("HttpSession counts what it refuses by its word, and routes' own answers not as refused", async () => {
  const action = { kind: "respond", status: 200, body: "hi", contentType: "text/plain" } as const;
  using b = new HttpBench({ routes: [{ action, match: { path: "/here" } }] });
  const client = b.connect();

  await client.say(get("/here") + get("/there") + "\x01");
  await client.hear();

  assertEquals(b.metrics.rejected(0), [["bad_request", 1], ["no_route", 1]]);
  assertEquals(b.metrics.ownAnswers(0), [["200", 1], ["400", 1], ["404", 1]]);
});

Deno.test("BackendPool.open() tells how long connecting took", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await client.say(get());
  await b.take();

  assertEquals(b.metrics.connects(0).count, 1);
});

const RETRIES = { attempts: 2, on: ["reset"], budget: 1 } as const;
