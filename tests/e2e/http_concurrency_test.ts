import { assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { HttpBackend } from "../support/http_backend.ts";
import { askOnce, HttpClient } from "../support/http_client.ts";
import { NO_RETRY, startHttp } from "../support/http_scenario.ts";
import { answerOf, headOf, statusOf, valueOf } from "../support/http_wire.ts";
import { eventually, pause } from "../support/wait.ts";

const GET = headOf("GET / HTTP/1.1", "Host: a");

Deno.test("concurrency: a backend that fails gets less at once, and more again when it is well", async () => {
  let [most, now, status] = [0, 0, 500];
  await using backend = new HttpBackend(async () => {
    most = Math.max(most, ++now);
    await pause(5);
    now--;
    return answerOf(status);
  });
  await using scenario = await startHttp({
    backends: [backend.address],
    upstream: {
      ...NO_RETRY,
      queue: { timeout: "30s" },
      concurrency: { algorithm: "aimd", initial: 8, max: 12, window: "20ms" },
    },
  });
  const limit = async () => (await scenario.backendStatus())[0]?.concurrencyLimit;
  using stack = new DisposableStack();
  const clients = await Promise.all(
    Array.from({ length: 16 }, async () => stack.use(await HttpClient.connect(scenario.address))),
  );
  const askAll = () => Promise.all(clients.map(async (client) => statusOf(await client.ask(GET))));

  assertEquals(new Set(await askAll()), new Set([500]));
  assertLessOrEqual(most, 8);
  await eventually("one at a time", async () => {
    await askAll();
    assertEquals(await limit(), 1);
  });
  most = 0;
  await askAll();
  assertEquals(most, 1);

  status = 200;
  await eventually("more again", async () => {
    await askAll();
    assertGreater(await limit() ?? 0, 6);
  });
  await askAll();
  assertGreater(most, 4);
});

Deno.test("concurrency: what is over the limit waits, then is answered 503", async () => {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  let now = 0;
  await using backend = new HttpBackend(async () => {
    now++;
    await opened;
    return answerOf(200);
  });
  await using scenario = await startHttp({
    backends: [backend.address],
    upstream: {
      queue: { size: 1, timeout: "300ms" },
      concurrency: { algorithm: "vegas", initial: 2, max: 2 },
    },
  });

  const served = [askOnce(scenario.address, GET), askOnce(scenario.address, GET)];
  await eventually("two at the backend", () => assertEquals(now, 2));
  const refused = await Promise.all([1, 2].map(() => askOnce(scenario.address, GET)));
  open();

  const reasons = refused.map((answer) =>
    `${statusOf(answer)} ${valueOf(answer, "X-Weir-Reason")}`
  );
  assertEquals(reasons.sort(), ["503 queue_full", "503 queue_timeout"]);
  assertEquals((await Promise.all(served)).map(statusOf), [200, 200]);
});
