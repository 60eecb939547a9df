import { createServer } from "node:net";
import { assertEquals, assertGreater, assertLess, assertLessOrEqual } from "@std/assert";
import { inParallel, listenTo } from "../support/clients.ts";
import { freeAddress } from "../support/free_port.ts";
import { HttpBackend } from "../support/http_backend.ts";
import { askOnce, HttpClient } from "../support/http_client.ts";
import { NO_RETRY, startHttp, UNCHECKED } from "../support/http_scenario.ts";
import { answerOf, headOf, statusOf, valueOf } from "../support/http_wire.ts";
import { Scenario } from "../support/scenario.ts";
import { nameServer, resetting } from "../support/servers.ts";
import { eventually, pause } from "../support/wait.ts";

/** Resets each connection at its first bytes. `Deno.Conn` can only end, `node:net` can reset. */
class ResettingServer implements AsyncDisposable {
  accepted = 0;
  address = "";
  readonly #server = createServer((socket) => {
    this.accepted++;
    // The reset is ours.
    socket.on("error", () => {});
    socket.on("data", () => socket.resetAndDestroy());
  });

  static async start(): Promise<ResettingServer> {
    const server = new ResettingServer();
    server.address = freeAddress();
    const [host = "", port] = server.address.split(":");
    await new Promise<void>((resolve) => server.#server.listen(Number(port), host, resolve));
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

const GET = headOf("GET / HTTP/1.1", "Host: a");
const NEVER = { panic_threshold: 0, outlier_detection: { enabled: false } };

Deno.test("a backend that accepts and resets gets five requests, over all threads", async () => {
  await using bad = resetting();
  await using good = new HttpBackend(() => answerOf(200, "good"));
  await using scenario = await startHttp({
    backends: [bad.address, good.address],
    workers: 2,
    upstream: { ...NEVER, circuit_breaker: {} },
  });

  const bodies: string[] = [];
  for (let n = 0; n < 60; n++) bodies.push((await askOnce(scenario.address, GET)).body);

  assertEquals(bodies, bodies.map(() => "good"));
  assertEquals(bad.accepted, 5);
  await scenario.waitForLog(/warning Circuit opened: backend gets no work .*consecutive_failures/);
  assertEquals((await scenario.backendStatus()).map(({ circuit }) => circuit), ["open", "closed"]);
});

Deno.test("a backend that answers 500 to everything is held off with the section", async () => {
  await using bad = new HttpBackend(() => answerOf(500, "bad"));
  await using good = new HttpBackend(() => answerOf(200, "good"));
  await using scenario = await startHttp({
    backends: [bad.address, good.address],
    workers: 2,
    upstream: { outlier_detection: { consecutive_failures: 5 } },
  });

  let failed = 0;
  for (let n = 0; n < 60; n++) {
    if (statusOf(await askOnce(scenario.address, GET)) === 500) failed++;
  }

  assertEquals([failed, bad.requests.length], [5, 5]);
  await eventually("the status", async () => {
    assertEquals((await scenario.backendStatus()).map(({ ejected }) => ejected), [true, false]);
  });
});

Deno.test("a page that answers 500 costs nobody its backend without the section", async () => {
  await using bad = new HttpBackend(() => answerOf(500, "bad"));
  await using scenario = await startHttp({ backends: [bad.address] });

  for (let n = 0; n < 20; n++) await askOnce(scenario.address, GET);

  assertEquals(bad.requests.length, 20);
  assertEquals((await scenario.backendStatus()).map(({ ejected }) => ejected), [false]);
});

Deno.test("a backend that answers 500 to a fifth of requests is found by its rate", async () => {
  let count = 0;
  await using bad = new HttpBackend(() => answerOf(count++ % 5 === 0 ? 500 : 200));
  await using good = new HttpBackend(() => answerOf(200));
  await using scenario = await startHttp({
    backends: [bad.address, good.address],
    workers: 2,
    upstream: { ...NEVER, circuit_breaker: { error_rate: 0.1, window: "2s" } },
  });

  await eventually("an open circuit", async () => {
    await inParallel(20, 4, async () => void await askOnce(scenario.address, GET));
    assertEquals((await scenario.backendStatus())[0]!.circuit, "open");
  });

  const before = bad.requests.length;
  await inParallel(40, 4, async () => void await askOnce(scenario.address, GET));
  assertEquals(bad.requests.length, before);
  await scenario.waitForLog(/Circuit opened: .*reason=error_rate/);
});

Deno.test("a success rate far below the others' ejects a backend", async () => {
  let count = 0;
  await using bad = new HttpBackend(() => answerOf(count++ % 5 === 0 ? 500 : 200));
  await using others = new AsyncDisposableStack();
  const good = [1, 2, 3, 4].map(() => others.use(new HttpBackend(() => answerOf(200))));
  await using scenario = await startHttp({
    backends: [bad, ...good].map(({ address }) => address),
    workers: 2,
    upstream: { outlier_detection: { min_requests: 10, interval: "500ms" } },
  });

  await eventually("an ejection", async () => {
    await inParallel(100, 8, async () => void await askOnce(scenario.address, GET));
    assertEquals((await scenario.backendStatus()).map(({ ejected }) => ejected), [
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  await scenario.waitForLog(/Backend ejected: it is an outlier .*reason=success_rate/);
});

Deno.test("when every circuit is open the answer is 503 with circuit_open", async () => {
  await using bad = resetting();
  await using scenario = await startHttp({
    backends: [bad.address],
    upstream: { ...NEVER, ...NO_RETRY, circuit_breaker: {} },
  });

  for (let n = 0; n < 5; n++) await askOnce(scenario.address, GET);
  const answer = await askOnce(scenario.address, GET);

  assertEquals([statusOf(answer), valueOf(answer, "X-Weir-Reason")], [503, "circuit_open"]);
  assertEquals(valueOf(answer, "Retry-After"), "1");
  await scenario.waitForLog(/Request refused: no backend available .*reason=circuit_open/);
});

Deno.test("TCP: connections that a backend resets open its circuit, and that is logged", async () => {
  await using bad = await ResettingServer.start();
  await using scenario = await Scenario.start({
    backends: [bad.address],
    upstream: { ...UNCHECKED, ...NEVER, circuit_breaker: {} },
  });
  const connectAndTalk = async () => {
    using conn = await scenario.connect();
    await conn.write(new Uint8Array(10)).catch(() => 0);
    await conn.read(new Uint8Array(1)).catch(() => null);
  };

  await eventually("an open circuit", async () => {
    await connectAndTalk();
    assertEquals((await scenario.backendStatus())[0]!.circuit, "open");
  });
  await connectAndTalk();

  await scenario.waitForLog(/Connection closed: no backend available .*reason=circuit_open/);
  assertLessOrEqual(bad.accepted, 6);
});

Deno.test("TCP: a backend that refuses is ejected by default, and no client notices", async () => {
  await using good = nameServer("good");
  await using scenario = await Scenario.start({
    backends: [freeAddress(), good.address],
    upstream: UNCHECKED,
  });

  for (let n = 0; n < 40; n++) assertEquals(await listenTo(scenario.address), "good");

  const [dead] = await scenario.backendStatus();
  assertEquals([dead!.connectFailures, dead!.ejected, dead!.up], [5, true, true]);
});

Deno.test("an only backend is tried in panic, and used as soon as it is there", async () => {
  const address = freeAddress();
  await using scenario = await startHttp({
    backends: [address],
    upstream: NO_RETRY,
  });
  for (let n = 0; n < 10; n++) await askOnce(scenario.address, GET);
  await scenario.waitForLog(/warning Panic: too few backends are well, all are tried upstream=app/);

  const answer = await askOnce(scenario.address, GET);
  assertEquals([statusOf(answer), valueOf(answer, "X-Weir-Reason")], [503, "panic"]);
  assertEquals((await scenario.status()).upstreams[0]!.panic, true);
  const [hostname = "", port] = address.split(":");
  await using _late = new HttpBackend(() => answerOf(200, "late"), {
    hostname,
    port: Number(port),
  });

  assertEquals((await askOnce(scenario.address, GET)).body, "late");
});

Deno.test("clients that leave open no circuit", async () => {
  let asked = 0;
  await using slow = new HttpBackend(async ({ disposed }) => {
    asked++;
    await Promise.race([disposed, pause(300)]);
    return answerOf(200, "slow");
  });
  await using scenario = await startHttp({
    backends: [slow.address],
    upstream: { ...NEVER, circuit_breaker: { failures: 1, error_rate: 0.01, min_requests: 1 } },
  });

  for (let round = 0; round < 2; round++) {
    await using clients = new AsyncDisposableStack();
    const before = asked;
    await inParallel(10, 10, async () => {
      const client = await HttpClient.connect(scenario.address);
      clients.defer(() => client[Symbol.dispose]());
      await client.send(GET);
    });
    await eventually("a request", () => assertGreater(asked, before));
  }

  assertEquals((await askOnce(scenario.address, GET)).body, "slow");
  const [status] = await scenario.backendStatus();
  assertEquals(status!.circuit, "closed");
  assertGreater(status!.requests, 1);
});

Deno.test("a pause of Weir opens no circuit", async () => {
  await using backend = new HttpBackend(async () => {
    await pause(200);
    return answerOf(200, "well");
  });
  await using scenario = await startHttp({
    backends: [backend.address],
    workers: 2,
    upstream: {
      ...NEVER,
      ...NO_RETRY,
      response_timeout: "700ms",
      circuit_breaker: { failures: 1, error_rate: 0.01, min_requests: 1 },
    },
  });
  const asked = Array.from({ length: 10 }, () => askOnce(scenario.address, GET));
  await eventually("the requests", () => assertEquals(backend.requests.length, 10));

  const startMs = performance.now();
  scenario.weir.signal("SIGSTOP");
  await pause(2000);
  scenario.weir.signal("SIGCONT");

  assertEquals((await Promise.all(asked)).map(({ body }) => body), asked.map(() => "well"));
  assertLess(performance.now() - startMs, 20_000);
  assertEquals((await scenario.backendStatus())[0]!.circuit, "closed");
});
