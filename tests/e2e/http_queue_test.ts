import { assert, assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import { HttpBackend } from "../support/http_backend.ts";
import { HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { answerOf, headOf, type Message, statusOf, valueOf } from "../support/http_wire.ts";
import type { Scenario } from "../support/scenario.ts";
import { eventually, pause } from "../support/wait.ts";

const get = (path: string) => headOf(`GET /${path} HTTP/1.1`, "Host: a");
/** Order is kept while waits are long. */
const IN_ORDER = { interval: "1h" };

/** A backend that counts how many requests it has at once, and answers one when told. */
class CountedBackend implements AsyncDisposable {
  most = 0;
  now = 0;
  readonly waiting: { path: string; answer: () => void }[] = [];
  readonly #backend = new HttpBackend(async ({ request }) => {
    this.most = Math.max(this.most, ++this.now);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.waiting.push({ path: request.line.split(" ")[1]!, answer: resolve });
    await promise;
    this.now--;
    return answerOf(200);
  });

  get address(): string {
    return this.#backend.address;
  }

  /** Answers the request that came first, and says which. */
  async release(): Promise<string> {
    return await eventually("a request", () => {
      const first = this.waiting.shift();
      assert(first !== undefined);
      first.answer();
      return first.path;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { answer } of this.waiting) answer();
    await this.#backend[Symbol.asyncDispose]();
  }
}

async function waiting(scenario: Scenario, count: number): Promise<void> {
  await eventually(`${count} to wait`, async () => {
    const { upstreams: [upstream] } = await scenario.status();
    assertEquals(upstream?.queue.length, count);
  });
}

function textOf(answer: Message): string {
  return `${statusOf(answer)} ${valueOf(answer, "X-Weir-Reason")} ${
    valueOf(answer, "Retry-After")
  }`;
}

Deno.test("max_connections: never more requests on a backend than that, over all threads", async () => {
  let [most, now] = [0, 0];
  await using backend = new HttpBackend(async () => {
    most = Math.max(most, ++now);
    await pause(5);
    now--;
    return answerOf(200);
  });
  await using scenario = await startHttp({
    workers: 2,
    backends: [{ address: backend.address, max_connections: 3 }],
    upstream: { queue: { timeout: "30s" } },
  });

  const statuses = await Promise.all(Array.from({ length: 24 }, async () => {
    using client = await HttpClient.connect(scenario.address);
    const seen: number[] = [];
    for (let i = 0; i < 10; i++) seen.push(statusOf(await client.ask(get("x"))));
    return seen;
  }));

  assertEquals(new Set(statuses.flat()), new Set([200]));
  assertEquals(most, 3);
  const { upstreams: [upstream] } = await scenario.status();
  assertEquals(upstream?.queue, { length: 0, longestWaitMs: 0 });
});

Deno.test("queue: requests that wait are served in the order in which they came, over all threads", async () => {
  await using backend = new CountedBackend();
  await using scenario = await startHttp({
    workers: 2,
    backends: [{ address: backend.address, max_connections: 1 }],
    upstream: { queue: { timeout: "1m", ...IN_ORDER } },
  });
  using stack = new DisposableStack();
  const answers: Promise<Message>[] = [];
  const paths = Array.from({ length: 8 }, (_, i) => `/${i}`);

  for (const [index, path] of paths.entries()) {
    const client = stack.use(await HttpClient.connect(scenario.address));
    answers.push(client.ask(get(path.slice(1))));
    if (index === 0) await eventually("the first", () => assertEquals(backend.now, 1));
    else await waiting(scenario, index);
    // Order between threads is kept to ten milliseconds.
    await pause(20);
  }
  const order: string[] = [];
  for (const _ of paths) order.push(await backend.release());

  assertEquals(order, paths);
  assertEquals((await Promise.all(answers)).map(statusOf), paths.map(() => 200));
  assertEquals(backend.most, 1);
});

Deno.test("queue: full is answered 503 at once, and a wait in vain after its time", async () => {
  await using backend = new CountedBackend();
  await using scenario = await startHttp({
    backends: [{ address: backend.address, max_connections: 1 }],
    upstream: { queue: { size: 1, timeout: "700ms" } },
  });
  using stack = new DisposableStack();
  const connect = async () => stack.use(await HttpClient.connect(scenario.address));
  const first = (await connect()).ask(get("first"));
  await eventually("the first", () => assertEquals(backend.now, 1));
  const startMs = performance.now();
  const second = (await connect()).ask(get("second"));
  await waiting(scenario, 1);

  assertEquals(textOf(await (await connect()).ask(get("third"))), "503 queue_full 1");
  assertLess(performance.now() - startMs, 700);
  assertEquals(textOf(await second), "503 queue_timeout 1");
  assertGreaterOrEqual(performance.now() - startMs, 700);

  await backend.release();
  assertEquals(statusOf(await first), 200);
  const { queueFull, queueTimeouts, noBackend } = await scenario.listenerStatus();
  assertEquals({ queueFull, queueTimeouts, noBackend }, {
    queueFull: 1,
    queueTimeouts: 1,
    noBackend: 0,
  });
  await scenario.waitForLog(/every backend has as much work as it may have .*reason=queue_full/);
});

Deno.test("queue: a client that leaves, and a route whose time is up, give their places up", async () => {
  await using backend = new CountedBackend();
  await using scenario = await startHttp({
    backends: [{ address: backend.address, max_connections: 1 }],
    listener: { routes: [{ match: { path: "/hurry" }, upstream: "app", timeout: "200ms" }] },
    upstream: { queue: { timeout: "1m", ...IN_ORDER } },
  });
  using stack = new DisposableStack();
  const connect = async () => stack.use(await HttpClient.connect(scenario.address));
  const first = (await connect()).ask(get("first"));
  await eventually("the first", () => assertEquals(backend.now, 1));
  const leaver = await connect();
  await leaver.send(get("leaver"));
  await waiting(scenario, 1);

  leaver[Symbol.dispose]();
  await waiting(scenario, 0);
  assertEquals(textOf(await (await connect()).ask(get("hurry"))), "504 timeout undefined");
  await waiting(scenario, 0);
  const last = (await connect()).ask(get("last"));
  await waiting(scenario, 1);

  assertEquals([await backend.release(), await backend.release()], ["/first", "/last"]);
  assertEquals([statusOf(await first), statusOf(await last)], [200, 200]);
});

Deno.test("queue: who waits when Weir is told to stop is served before it ends", async () => {
  await using backend = new CountedBackend();
  await using scenario = await startHttp({
    backends: [{ address: backend.address, max_connections: 1 }],
    upstream: { queue: { timeout: "1m" } },
  });
  using stack = new DisposableStack();
  const connect = async () => stack.use(await HttpClient.connect(scenario.address));
  const first = (await connect()).ask(get("first"));
  await eventually("the first", () => assertEquals(backend.now, 1));
  const second = (await connect()).ask(get("second"));
  await waiting(scenario, 1);

  const ended = scenario.stop();
  await eventually("the drain", async () => assertEquals(await scenario.readiness(), 503));

  assertEquals([await backend.release(), await backend.release()], ["/first", "/second"]);
  assertEquals([statusOf(await first), statusOf(await second)], [200, 200]);
  assertEquals((await ended).code, 0);
});
