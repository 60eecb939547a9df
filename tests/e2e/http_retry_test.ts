import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { inParallel } from "../support/clients.ts";
import { freeAddress } from "../support/free_port.ts";
import { HttpBackend } from "../support/http_backend.ts";
import { askOnce, HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { answerOf, chunked, headOf, statusOf, valueOf, Wire } from "../support/http_wire.ts";
import { TestServer } from "../support/servers.ts";
import { eventually } from "../support/wait.ts";

const GET = headOf("GET / HTTP/1.1", "Host: a");
const POST = headOf("POST / HTTP/1.1", "Host: a", "Content-Length: 4") + "body";
/** Asks the backends in the order in which they are listed. */
const IN_ORDER = { algorithm: "first" };
const EMPTY_POST = headOf("POST / HTTP/1.1", "Host: a", "Content-Length: 0");

for (const request of [GET, POST]) {
  Deno.test(`${request.slice(0, 4).trim()} to a backend that refuses goes to the other`, async () => {
    await using backend = new HttpBackend(() => answerOf(200, "here"));
    await using scenario = await startHttp({ backends: [freeAddress(), backend.address] });

    const answers = [];
    for (let i = 0; i < 10; i++) answers.push(await askOnce(scenario.address, request));

    assertEquals(answers.map(({ body }) => body), answers.map(() => "here"));
    assertEquals(backend.requests.length, 10);
  });
}

for (const status of [502, 503, 504]) {
  Deno.test(`an answer with ${status} is retried elsewhere when it is to be`, async () => {
    await using bad = new HttpBackend(() => answerOf(status, "bad"));
    await using good = new HttpBackend(() => answerOf(200, "good"));
    await using scenario = await startHttp({
      backends: [bad.address, good.address],
      upstream: { retry: { attempts: 1, on: [`status_${status}`] } },
    });

    const bodies = [];
    for (let i = 0; i < 4; i++) bodies.push((await askOnce(scenario.address, GET)).body);

    assertEquals(bodies, ["good", "good", "good", "good"]);
    assertEquals(good.requests.length, 4);
    assertEquals((await scenario.listenerStatus()).retries, bad.requests.length);
  });
}

Deno.test("an answer with a status that is not to be retried is the client's", async () => {
  await using bad = new HttpBackend(() => answerOf(503, "the backend's own", "Retry-After: 7"));
  await using scenario = await startHttp({
    backends: [bad.address],
    upstream: { retry: { attempts: 3, on: ["connect", "status_502"] } },
  });

  const answer = await askOnce(scenario.address, GET);

  assertEquals([statusOf(answer), answer.body], [503, "the backend's own"]);
  assertEquals([valueOf(answer, "Retry-After"), valueOf(answer, "X-Weir-Reason")], [
    "7",
    undefined,
  ]);
  assertEquals(bad.requests.length, 1);
});

Deno.test("when every attempt is answered with 503, the client gets the last of them", async () => {
  await using one = new HttpBackend(() => answerOf(503, "one"));
  await using two = new HttpBackend(() => answerOf(503, "two"));
  await using scenario = await startHttp({
    backends: [one.address, two.address],
    upstream: { ...IN_ORDER, retry: { attempts: 1 } },
  });

  const answer = await askOnce(scenario.address, GET);

  assertEquals([statusOf(answer), answer.body], [503, "two"]);
  assertEquals([one.requests.length, two.requests.length], [1, 1]);
});

Deno.test("attempts go to every backend before one is asked again", async () => {
  await using one = new HttpBackend(() => answerOf(502));
  await using two = new HttpBackend(() => answerOf(502));
  await using three = new HttpBackend(() => answerOf(502));
  await using scenario = await startHttp({
    backends: [one.address, two.address, three.address],
    upstream: { retry: { attempts: 2 } },
  });

  for (let i = 0; i < 3; i++) await askOnce(scenario.address, GET);

  assertEquals([one, two, three].map(({ requests }) => requests.length), [3, 3, 3]);
});

for (const attempts of [0, 3]) {
  Deno.test(`retry attempts: ${attempts} are made, no more`, async () => {
    await using backend = new HttpBackend(() => answerOf(502));
    await using scenario = await startHttp({
      backends: [backend.address],
      upstream: { retry: { attempts } },
    });

    await askOnce(scenario.address, GET);

    assertEquals(backend.requests.length, attempts + 1);
  });
}

Deno.test("the retry budget ends retries when everything fails", async () => {
  await using backend = new HttpBackend(() => answerOf(502));
  await using scenario = await startHttp({
    backends: [backend.address],
    upstream: { retry: { attempts: 1, budget: "20%" } },
  });

  const count = 600;
  const start = performance.now();
  await inParallel(count, 60, async () => void await askOnce(scenario.address, GET));
  const seconds = (performance.now() - start) / 1000;

  // A share of the requests, and a floor of ten per second that a window of ten seconds can spend.
  const retries = backend.requests.length - count;
  assertGreater(retries, 0);
  assertLess(retries, 0.2 * count + 10 * (10 + seconds));
  assertEquals((await scenario.listenerStatus()).retries, retries);
});

for (
  const [what, answer] of [
    ["answered with 503", () => answerOf(503)],
    ["cut before its answer", () => undefined],
  ] as const
) {
  for (const [how, request] of [["a body", POST], ["no body", EMPTY_POST]] as const) {
    Deno.test(`POST with ${how} is not asked again when it was ${what}`, async () => {
      await using bad = new HttpBackend(answer);
      await using good = new HttpBackend(() => answerOf(200));
      await using scenario = await startHttp({
        backends: [bad.address, good.address],
        upstream: IN_ORDER,
      });

      const { line } = await askOnce(scenario.address, request);

      assertEquals(line.slice(0, 12), answer() === undefined ? "HTTP/1.1 502" : "HTTP/1.1 503");
      assertEquals([bad.requests.length, good.requests.length], [1, 0]);
    });
  }

  const body = "0123456789abcdef".repeat(4000);
  for (
    const [how, request] of [
      ["a length", headOf("PUT / HTTP/1.1", "Host: a", "Content-Length: 64000") + body],
      [
        "chunks",
        headOf("PUT / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked") +
        chunked([body.slice(0, 100), body.slice(100)], "X-Sum: 1"),
      ],
    ] as const
  ) {
    Deno.test(`PUT with ${how} is asked again with the same body when it was ${what}`, async () => {
      await using bad = new HttpBackend(answer);
      await using good = new HttpBackend(() => answerOf(200, "good"));
      await using scenario = await startHttp({
        backends: [bad.address, good.address],
        upstream: IN_ORDER,
      });

      const { body: said } = await askOnce(scenario.address, request);

      assertEquals(said, "good");
      assertEquals(bad.request.body === body, true);
      assertEquals(good.request.body === body, true);
      assertEquals(good.request.trailers, bad.request.trailers);
    });
  }
}

Deno.test("PUT is asked again while its body is still coming", async () => {
  const isCut = Promise.withResolvers<void>();
  await using bad = new TestServer(async (conn) => {
    const wire = new Wire(conn);
    await wire.readHead();
    await wire.readExactly("5\r\nfirst\r\n".length);
    isCut.resolve();
  });
  await using good = new HttpBackend(({ request }) => answerOf(200, request.body));
  await using scenario = await startHttp({
    backends: [bad.address, good.address],
    upstream: IN_ORDER,
  });
  using client = await HttpClient.connect(scenario.address);

  await client.send(
    headOf("PUT / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked") + "5\r\nfirst\r\n",
  );
  await isCut.promise;
  // The other one has got what came so far before more comes.
  await eventually("the retry", () => assertEquals(good.received.includes("first"), true));
  await client.send(chunked([" second"]));
  const answer = await client.read();

  assertEquals([statusOf(answer), answer.body], [200, "first second"]);
});

Deno.test("PUT with a body over 64 KiB is not asked again once it was sent", async () => {
  await using bad = new HttpBackend(() => answerOf(503, "bad"));
  await using good = new HttpBackend(() => answerOf(200, "good"));
  await using scenario = await startHttp({
    backends: [bad.address, good.address],
    upstream: IN_ORDER,
  });
  const size = 100_000;

  const answer = await askOnce(
    scenario.address,
    headOf("PUT / HTTP/1.1", "Host: a", `Content-Length: ${size}`) + "x".repeat(size),
  );

  assertEquals([statusOf(answer), answer.body], [503, "bad"]);
  assertEquals(good.requests.length, 0);
});
