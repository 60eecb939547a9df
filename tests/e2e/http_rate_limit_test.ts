import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { HttpBackend } from "../support/http_backend.ts";
import { askOnce, HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { answerOf, headOf, type Message, statusOf, valueOf } from "../support/http_wire.ts";
import type { Scenario, Settings } from "../support/scenario.ts";
import { pause } from "../support/wait.ts";

const GET = headOf("GET / HTTP/1.1", "Host: a");
/** Connections at once, which the kernel spreads over the two threads. */
const CLIENTS = 8;
const RUN_MS = 2500;

Deno.test("rate_limit: two threads let burst + rate x time through, and not one more", async () => {
  await using backend = new HttpBackend(() => answerOf(200));
  await using scenario = await start(backend, { requests: 100, per: "1s", burst: 300 });
  let passed = 0;
  let firstPass = Infinity;
  let lastPass = 0;
  let lastRefusal = 0;
  const begin = performance.now();

  await Promise.all(Array.from({ length: CLIENTS }, async () => {
    using client = await HttpClient.connect(scenario.address);
    for (let sentAt = begin; sentAt < begin + RUN_MS;) {
      sentAt = performance.now();
      const status = statusOf(await client.ask(GET));
      const heardAt = performance.now();
      if (status === 200) {
        passed++;
        firstPass = Math.min(firstPass, heardAt);
        lastPass = heardAt;
      } else {
        assertEquals(status, 429);
        lastRefusal = Math.max(lastRefusal, sentAt);
      }
    }
  }));

  // The bucket was full when the first was sent, and empty when the last was refused.
  assertLessOrEqual(passed, 300 + 100 * (lastPass - begin) / 1000);
  assertGreaterOrEqual(passed, Math.floor(300 + 100 * (lastRefusal - firstPass) / 1000) - 1);
  assertEquals(backend.requests.length, passed);
  const { rateLimited, requests } = await scenario.listenerStatus();
  assertEquals(requests - rateLimited, passed);
  await scenario.waitForLog(/over the rate limit/);
});

Deno.test("rate_limit: what is over it gets 429, and Retry-After is when the next passes", async () => {
  await using backend = new HttpBackend(() => answerOf(200));
  await using scenario = await start(backend, { requests: 2, per: "3s", burst: 1 });
  using client = await HttpClient.connect(scenario.address);
  assertEquals(statusOf(await client.ask(GET)), 200);

  const refused = await client.ask(GET);
  await pause(1000 * Number(valueOf(refused, "Retry-After")));
  const next = await client.ask(GET);

  assertEquals(statusOf(refused), 429);
  assertEquals(rateFieldsOf(refused), ["rate_limited", "2", "2", "0", "2"]);
  assertEquals(statusOf(next), 200);
  assertEquals(rateFieldsOf(next), [undefined, undefined, undefined, undefined, undefined]);
});

Deno.test("rate_limit: clients behind a trusted proxy have a limit each", async () => {
  await using backend = new HttpBackend(() => answerOf(200));
  await using scenario = await start(backend, HOURLY);

  for (const client of ["198.51.100.1", "198.51.100.2", "2001:db8:0:1::1"]) {
    assertEquals(await statuses(scenario, 3, `X-Forwarded-For: ${client}`), [200, 200, 429]);
  }
  // Another address of a network that has had its part.
  assertEquals(await statuses(scenario, 1, "X-Forwarded-For: 2001:db8:0:1:ffff::2"), [429]);
});

Deno.test("rate_limit: an untrusted client cannot name itself anew", async () => {
  await using backend = new HttpBackend(() => answerOf(200));
  await using scenario = await start(backend, HOURLY, { trusted_proxies: [] });

  assertEquals(await statuses(scenario, 2, "X-Forwarded-For: 198.51.100.1"), [200, 200]);
  assertEquals(await statuses(scenario, 1, "X-Forwarded-For: 198.51.100.2"), [429]);
});

Deno.test("rate_limit: by header or cookie, and by address where it is missing", async () => {
  for (const [key, field] of [["header:X-Key", "X-Key: "], ["cookie:id", "Cookie: a=b; id="]]) {
    await using backend = new HttpBackend(() => answerOf(200));
    await using scenario = await start(backend, { ...HOURLY, key: key! });

    assertEquals(await statuses(scenario, 3, `${field}one`), [200, 200, 429]);
    assertEquals(await statuses(scenario, 3, `${field}two`), [200, 200, 429]);
    assertEquals(await statuses(scenario, 3), [200, 200, 429]);
    assertEquals(await statuses(scenario, 1, "X-Forwarded-For: 198.51.100.1"), [200]);
  }
});

Deno.test("rate_limit: of listener and route both hold, and a refusal counts for neither", async () => {
  await using backend = new HttpBackend(() => answerOf(200));
  await using scenario = await start(backend, { requests: 5, per: "1h" }, {
    routes: [{
      match: { path: "/dear" },
      upstream: "app",
      rate_limit: { requests: 2, per: "2h" },
    }],
  });
  const dear = headOf("GET /dear HTTP/1.1", "Host: a");

  const answers: Message[] = [];
  for (let i = 0; i < 4; i++) answers.push(await askOnce(scenario.address, dear));

  assertEquals(answers.map(statusOf), [200, 200, 429, 429]);
  const waitS = Number(valueOf(answers[2]!, "Retry-After"));
  assert(waitS > 3590 && waitS <= 3600, `${waitS} s, and the route has one each hour`);
  assertEquals(await statuses(scenario, 4), [200, 200, 200, 429]);
});

Deno.test("rate_limit: it holds for a request with a body and for answers of Weir's own", async () => {
  await using backend = new HttpBackend(() => answerOf(200));
  await using scenario = await start(backend, { requests: 1, per: "1h" }, {
    routes: [{ match: { path: "/ping" }, respond: { status: 200 } }],
  });
  const ping = headOf("GET /ping HTTP/1.1", "Host: a");
  assertEquals(statusOf(await askOnce(scenario.address, ping)), 200);

  assertEquals(statusOf(await askOnce(scenario.address, ping)), 429);
  using client = await HttpClient.connect(scenario.address);
  await client.send(headOf("POST / HTTP/1.1", "Host: a", "Content-Length: 5") + "hello");
  const refused = await client.read();

  assertEquals([statusOf(refused), valueOf(refused, "Connection")], [429, "close"]);
  assertEquals(await client.end(), "ended");
  assertEquals(backend.requests, []);
});

const HOURLY = { requests: 2, per: "1h" };

function start(
  backend: HttpBackend,
  limit: Settings,
  listener: Settings = {},
): Promise<Scenario> {
  return startHttp({
    workers: 2,
    backends: [backend.address],
    listener: { trusted_proxies: ["127.0.0.0/8"], rate_limit: limit, ...listener },
  });
}

/** Statuses of that many requests, each over a connection of its own. */
async function statuses({ address }: Scenario, count: number, ...fields: string[]) {
  const request = headOf("GET / HTTP/1.1", "Host: a", ...fields);
  const seen: number[] = [];
  for (let i = 0; i < count; i++) seen.push(statusOf(await askOnce(address, request)));
  return seen;
}

function rateFieldsOf(answer: Message): (string | undefined)[] {
  return [
    "X-Weir-Reason",
    "Retry-After",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
  ]
    .map((name) => valueOf(answer, name));
}
