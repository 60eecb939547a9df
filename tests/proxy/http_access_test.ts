import { assert, assertEquals, assertGreater } from "@std/assert";
import type { RequestRecord } from "../../lib/access/record.ts";
import { MemoryAccess } from "../support/access_records.ts";
import { get, HttpBench, type HttpBenchOptions, ok } from "../support/memory_http.ts";

/** An HTTP listener whose access log is kept. */
class AccessBench extends HttpBench {
  readonly access: MemoryAccess;

  constructor(options: Omit<HttpBenchOptions, "access"> = {}) {
    const access = new MemoryAccess();
    super({ ...options, access });
    this.access = access;
  }

  /** The only request so far. */
  only(): RequestRecord {
    const [first, ...others] = this.access.requests;
    assert(first !== undefined && others.length === 0);
    return first;
  }
}

Deno.test("a request is logged once its answer is out, with all its bytes", async () => {
  using bench = new AccessBench();
  const client = bench.connect();
  const request = get("/a?b", "User-Agent: curl\r\nReferer: http://x/\r\nX-Request-Id: mine\r\n");
  await client.say(request);
  const backend = await bench.take();
  await backend.hear();
  assertEquals(bench.access.requests, []);

  await backend.say(ok("hello"));

  const answer = await client.hear();
  const record = bench.only();
  assertEquals(record.client, "192.0.2.7");
  assertEquals([record.method, record.target, record.version], ["GET", "/a?b", 11]);
  assertEquals([record.host, record.userAgent, record.referer], [
    "example.org",
    "curl",
    "http://x/",
  ]);
  assertEquals([record.status, record.upstream, record.backend], [200, "app", "b0"]);
  assertEquals([record.bytesIn, record.bytesOut], [request.length, answer.length]);
  assertEquals(record.bytesOut - record.headBytes, "hello".length);
  assertEquals([record.retries, record.reason, record.cut], [0, undefined, undefined]);
  assertEquals(record.requestId, "mine");
});

Deno.test("requests on one connection are logged each with its own bytes, pipelined ones too", async () => {
  using bench = new AccessBench();
  const client = bench.connect();
  const requests = [get("/1"), get("/second"), get("/3", "Referer: x\r\n")];
  await client.say(requests.join(""));
  const backend = await bench.take();
  for (const body of ["a", "bb", "ccc"]) {
    await backend.hear();
    await backend.say(ok(body));
  }

  const answers = await client.hear();
  const { requests: records } = bench.access;
  assertEquals(records.map(({ target }) => target), ["/1", "/second", "/3"]);
  assertEquals(records.map(({ bytesIn }) => bytesIn), requests.map(({ length }) => length));
  assertEquals(records.reduce((sum, { bytesOut }) => sum + bytesOut, 0), answers.length);
  assertEquals(records.map(({ referer }) => referer), [undefined, undefined, "x"]);
  assertEquals(new Set(records.map(({ requestId }) => requestId)).size, 3);
});

Deno.test("an answer of Weir's own is logged with its reason", async () => {
  using bench = new AccessBench({ backends: 0 });
  const client = bench.connect();

  await client.say(get("/x"));

  const answer = await client.hear();
  const record = bench.only();
  assertEquals([record.status, record.reason], [503, "no_backend"]);
  assertEquals([record.upstream, record.backend], ["app", undefined]);
  assertEquals(record.bytesOut, answer.length);
  assertEquals(record.bytesOut - record.headBytes, answer.length - answer.indexOf("\r\n\r\n") - 4);
  assertEquals(record.firstByteMs, -1);
});

Deno.test("a head that nobody can read is logged without what it says", async () => {
  using bench = new AccessBench();
  const client = bench.connect();

  await client.say("GET / \x1b[31m\r\n\r\n");

  const record = bench.only();
  assertEquals([record.status, record.method, record.target], [400, "", ""]);
  assertGreater(record.bytesIn, 0);
});

Deno.test("a client that goes before its answer is logged as 499", async () => {
  using bench = new AccessBench();
  const client = bench.connect();
  await client.say(get());
  await (await bench.take()).hear();

  await client.close();

  assertEquals([bench.only().status, bench.only().backend], [499, "b0"]);
});

Deno.test("an answer that its backend does not end is logged as cut", async () => {
  using bench = new AccessBench();
  const client = bench.connect();
  await client.say(get());
  const backend = await bench.take();
  await backend.hear();
  await backend.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");

  await backend.close();

  assertEquals([bench.only().status, bench.only().cut], [200, "reset"]);
});

Deno.test("retries are logged with the backend that answered", async () => {
  const retry = { attempts: 2, on: ["reset"], budget: 1 } as const;
  using bench = new AccessBench({ backends: 2, upstream: { retry } });
  const client = bench.connect();
  await client.say(get());
  await (await bench.take(0)).close();

  // After a pause of real milliseconds.
  const second = await bench.take(1);
  await second.hear();
  await second.say(ok());

  const { retries, backend, status } = bench.only();
  assertEquals([retries, backend, status], [1, "b1", 200]);
});

Deno.test("an idle connection keeps nothing of the request before", async () => {
  using bench = new AccessBench();
  const client = bench.connect();
  await client.say(get("/a", "User-Agent: curl\r\n"));
  const backend = await bench.take();
  await backend.hear();
  await backend.say(ok());

  await client.say(get("/b"));
  await backend.hear();
  await backend.say(ok());

  assertEquals(bench.access.requests.map(({ userAgent }) => userAgent), ["curl", undefined]);
});

Deno.test("what a trusted proxy says of the client is logged", async () => {
  using bench = new AccessBench({ trusted: ["192.0.2.0/24"], backends: 0 });

  await bench.connect().say(get("/", "X-Forwarded-For: 198.51.100.9, 192.0.2.8\r\n"));

  assertEquals(bench.only().client, "198.51.100.9");
});

Deno.test("a tunnel is logged when it has ended, with all its bytes", async () => {
  using bench = new AccessBench();
  const client = bench.connect();
  const request = get("/ws", "Connection: Upgrade\r\nUpgrade: websocket\r\n");
  await client.say(request);
  const backend = await bench.take();
  await backend.hear();
  await backend.say(
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  );
  await client.say("12345");
  await backend.say("1234567");
  const heard = await client.hear();
  assertEquals(bench.access.requests, []);

  await client.finish();
  await backend.finish();

  const record = bench.only();
  assertEquals([record.status, record.bytesIn], [101, request.length + 5]);
  assertEquals(record.bytesOut, heard.length);
});
