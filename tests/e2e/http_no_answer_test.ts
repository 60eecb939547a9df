import { assertEquals, assertLess } from "@std/assert";
import { freeAddress } from "../support/free_port.ts";
import { HttpBackend } from "../support/http_backend.ts";
import { askOnce, HttpClient } from "../support/http_client.ts";
import { NO_RETRY, startHttp } from "../support/http_scenario.ts";
import { answerOf, headOf, statusOf, valueOf } from "../support/http_wire.ts";
import { silent } from "../support/servers.ts";

const GET = headOf("GET / HTTP/1.1", "Host: a");
const POST = headOf("POST / HTTP/1.1", "Host: a", "Content-Length: 4") + "body";

Deno.test("all backends down: a whole 503, in the form that the client takes", async () => {
  await using scenario = await startHttp({
    backends: [freeAddress()],
    upstream: { health_check: { interval: "100ms", fall: 1 }, panic_threshold: 0 },
  });
  await scenario.waitForLog(/Backend is down/);
  using client = await HttpClient.connect(scenario.address);

  const kinds = {
    "application/json": '{"status":503,"error":"Service Unavailable","reason":"no_backend"}\n',
    "text/html": "<!doctype html><title>503 Service Unavailable</title>" +
      "<h1>503 Service Unavailable</h1><p>no_backend</p>\n",
    "text/plain": "503 Service Unavailable: no_backend\n",
    "*/*": "503 Service Unavailable: no_backend\n",
  };
  for (const [accept, body] of Object.entries(kinds)) {
    const answer = await client.ask(headOf("GET / HTTP/1.1", "Host: a", `Accept: ${accept}`));
    assertEquals([statusOf(answer), answer.body], [503, body]);
    assertEquals(valueOf(answer, "X-Weir-Reason"), "no_backend");
    assertEquals(valueOf(answer, "Retry-After"), "1");
    const type = accept === "*/*" ? "text/plain" : accept;
    assertEquals(valueOf(answer, "Content-Type")?.split(";")[0], type);
  }
  const head = await client.ask(headOf("HEAD / HTTP/1.1", "Host: a"));
  assertEquals([statusOf(head), valueOf(head, "Content-Length")], [503, "36"]);
  assertEquals(statusOf(await client.ask(GET)), 503);
  assertEquals((await scenario.listenerStatus()).noBackend, 6);
});

Deno.test("all backends refuse: 502 connect_failed", async () => {
  await using scenario = await startHttp({ backends: [freeAddress(), freeAddress()] });

  const answer = await askOnce(scenario.address, GET);

  assertEquals([statusOf(answer), valueOf(answer, "X-Weir-Reason")], [502, "connect_failed"]);
});

Deno.test("a backend that does not answer in time: 504, and its connection is closed", async () => {
  await using backend = silent();
  await using scenario = await startHttp({
    backends: [backend.address],
    upstream: { response_timeout: "300ms", ...NO_RETRY },
  });
  using client = await HttpClient.connect(scenario.address);

  const start = performance.now();
  const answer = await client.ask(GET);
  const tookMs = performance.now() - start;

  assertEquals([statusOf(answer), valueOf(answer, "X-Weir-Reason")], [504, "timeout"]);
  assertLess(tookMs, 3000);
  // The client's own connection is none the worse for it.
  assertEquals(statusOf(await client.ask(POST)), 504);
  assertEquals((await scenario.backendStatus())[0]?.inFlight, 0);
});

Deno.test("a backend that does not answer in time: GET goes to the other", async () => {
  await using slow = silent();
  await using good = new HttpBackend(() => answerOf(200, "good"));
  await using scenario = await startHttp({
    backends: [slow.address, good.address],
    upstream: { response_timeout: "300ms" },
  });

  assertEquals((await askOnce(scenario.address, GET)).body, "good");
});

Deno.test("a backend that does not take the body in time: 504, not the client's fault", async () => {
  await using backend = silent();
  await using scenario = await startHttp({
    backends: [backend.address],
    listener: { timeouts: { body: "400ms" } },
    upstream: { response_timeout: "800ms", ...NO_RETRY },
  });
  using client = await HttpClient.connect(scenario.address);
  const size = 32 * 1024 * 1024;

  const sent = client.send(
    headOf("POST / HTTP/1.1", "Host: a", `Content-Length: ${size}`) + "x".repeat(size),
  ).catch(() => {});
  const answer = await client.read();
  client[Symbol.dispose]();
  await sent;

  assertEquals([statusOf(answer), valueOf(answer, "X-Weir-Reason")], [504, "timeout"]);
});

Deno.test("the timeout of a route is for all attempts together", async () => {
  await using one = silent();
  await using two = silent();
  await using scenario = await startHttp({
    backends: [one.address, two.address],
    listener: { routes: [{ match: {}, upstream: "app", timeout: "500ms" }] },
    upstream: { response_timeout: "300ms", retry: { attempts: 10 } },
  });
  using client = await HttpClient.connect(scenario.address);

  const start = performance.now();
  const answer = await client.ask(GET);
  const tookMs = performance.now() - start;

  assertEquals([statusOf(answer), valueOf(answer, "X-Weir-Reason")], [504, "timeout"]);
  assertLess(tookMs, 2000);
});

Deno.test("the timeout of a route is shorter than response_timeout", async () => {
  await using backend = silent();
  await using scenario = await startHttp({
    backends: [backend.address],
    listener: { routes: [{ match: {}, upstream: "app", timeout: "300ms" }] },
    upstream: { response_timeout: "5s", ...NO_RETRY },
  });

  const start = performance.now();
  const answer = await askOnce(scenario.address, GET);

  assertEquals([statusOf(answer), valueOf(answer, "X-Weir-Reason")], [504, "timeout"]);
  assertLess(performance.now() - start, 3000);
});
