import { assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { Gate } from "../support/gate.ts";
import { HttpBackend } from "../support/http_backend.ts";
import { askOnce, HttpClient } from "../support/http_client.ts";
import { NO_RETRY, startHttp } from "../support/http_scenario.ts";
import { answerOf, headOf, statusOf, valueOf } from "../support/http_wire.ts";
import { eventually } from "../support/wait.ts";

const GET = headOf("GET / HTTP/1.1", "Host: a");
const POST = headOf("POST / HTTP/1.1", "Host: a", "Content-Length: 4") + "body";

Deno.test("max_idle: what is over it is closed after its answer", async () => {
  const gate = new Gate();
  await using backend = new HttpBackend(async () => {
    await gate.wait();
    return answerOf(200);
  });
  await using scenario = await startHttp({
    backends: [backend.address],
    upstream: { pool: { max_idle: 2 } },
  });

  const answers = Array.from({ length: 6 }, () => askOnce(scenario.address, GET));
  await eventually("all at the backend", () => assertEquals(gate.waiting, 6));
  gate.open();
  await Promise.all(answers);

  await eventually("the rest to be closed", () => assertEquals(backend.open, 2));
  await askOnce(scenario.address, GET);
  assertEquals(backend.accepted, 6);
});

Deno.test("max_active: no more connections than that, over all threads", async () => {
  const gate = new Gate();
  await using backend = new HttpBackend(async () => {
    await gate.wait();
    return answerOf(200);
  });
  await using scenario = await startHttp({
    workers: 2,
    backends: [backend.address],
    upstream: { pool: { max_active: 3 }, ...NO_RETRY },
  });

  let refused = 0;
  const answers = Array.from({ length: 12 }, async () => {
    const answer = await askOnce(scenario.address, GET);
    if (statusOf(answer) !== 503) return statusOf(answer);
    refused++;
    return `${valueOf(answer, "X-Weir-Reason")} ${valueOf(answer, "Retry-After")}`;
  });
  await eventually("the others to be refused", () => assertEquals([gate.waiting, refused], [3, 9]));
  gate.open();

  const seen = (await Promise.all(answers)).map(String).sort();
  assertEquals(seen, [
    ...Array.from({ length: 3 }, () => "200"),
    ...Array.from({ length: 9 }, () => "pool_exhausted 1"),
  ]);
  assertLessOrEqual(backend.accepted, 3);
});

Deno.test("max_lifetime: a connection that is older is not used again", async () => {
  await using backend = new HttpBackend(() => answerOf(200));
  await using scenario = await startHttp({
    backends: [backend.address],
    upstream: { pool: { max_lifetime: "300ms" }, ...NO_RETRY },
  });
  using client = await HttpClient.connect(scenario.address);

  await eventually("a second connection", async () => {
    assertEquals(statusOf(await client.ask(POST)), 200);
    assertGreater(backend.accepted, 1);
  });

  assertGreater(backend.requests.length, 2, "the first connection was used again before");
});

Deno.test("idle_timeout: Weir closes a connection that nobody used", async () => {
  await using backend = new HttpBackend(() => answerOf(200));
  await using scenario = await startHttp({
    backends: [backend.address],
    upstream: { pool: { idle_timeout: "200ms" } },
  });

  await askOnce(scenario.address, GET);

  await eventually("the connection to be closed", () => assertEquals(backend.open, 0));
  assertEquals(backend.faults, []);
});
