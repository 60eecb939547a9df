import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { HttpBackend } from "../support/http_backend.ts";
import { askOnce } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { NamedBackends } from "../support/named_backends.ts";
import type { Scenario } from "../support/scenario.ts";
import { answerOf, headOf, type Message, statusOf, valuesOf } from "../support/http_wire.ts";

const STICKY = { sticky: { cookie: "weir", secret: "correct horse battery staple", ttl: "10m" } };

Deno.test("a sticky cookie binds a client to its backend, in every thread", async () => {
  await using backends = new NamedBackends(["one", "two", "three"]);
  await using scenario = await startHttp({
    workers: 2,
    backends: backends.addresses,
    upstream: STICKY,
  });

  const first = await ask(scenario);
  const cookie = cookieOf(first);
  const bodies = [];
  for (let i = 0; i < 20; i++) {
    const answer = await ask(scenario, `other=1; ${cookie}; last=2`);
    bodies.push(answer.body);
    // It has it already.
    assertEquals(valuesOf(answer, "Set-Cookie"), []);
  }

  assertEquals(bodies, bodies.map(() => first.body));
  assertMatch(
    valuesOf(first, "Set-Cookie").join(),
    /^weir=[\w-]{22}; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/,
  );
  // The value tells nothing about the backend.
  for (const address of backends.addresses) assertEquals(cookie.includes(address), false);
});

Deno.test("clients without a cookie are spread, and a cookie that was made up is none", async () => {
  await using backends = new NamedBackends(["one", "two"]);
  await using scenario = await startHttp({ backends: backends.addresses, upstream: STICKY });
  const cookie = cookieOf(await ask(scenario));
  const last = cookie.at(-3) === "A" ? "B" : "A";

  const forged = [cookie.slice(0, -3) + last + cookie.slice(-2), "weir=", "weir=two", "WEIR=x"];
  for (const wrong of forged) {
    const answers = [await ask(scenario, wrong), await ask(scenario, wrong)];
    assertEquals(new Set(answers.map(({ body }) => body)), new Set(["one", "two"]), wrong);
    for (const answer of answers) assertEquals(valuesOf(answer, "Set-Cookie").length, 1);
  }
});

Deno.test("the cookie of a backend beside those of the application is not lost", async () => {
  await using backend = new HttpBackend(() => answerOf(200, "", "Set-Cookie: a=1"));
  await using scenario = await startHttp({ backends: [backend.address], upstream: STICKY });

  const cookies = valuesOf(await ask(scenario), "Set-Cookie");

  assertEquals([cookies.length, cookies[0]], [2, "a=1"]);
});

Deno.test("when its backend is down, a client falls over to another and gets its cookie", async () => {
  await using backends = new NamedBackends(["one", "two"]);
  await using scenario = await startHttp({
    backends: backends.addresses,
    upstream: { ...STICKY, health_check: { interval: "100ms", fall: 1, rise: 1 } },
  });
  const first = await ask(scenario);
  await backends.stop(first.body);

  // At once, while the backend still counts as up, and when it is known to be down.
  const before = await ask(scenario, cookieOf(first));
  await scenario.waitForLog(/Backend is down/);
  const after = await ask(scenario, cookieOf(first));

  for (const answer of [before, after]) {
    assertEquals(statusOf(answer), 200);
    assertNotEquals(answer.body, first.body);
    assertNotEquals(cookieOf(answer), cookieOf(first));
  }
});

Deno.test("the cookie holds over a restart, with the same secret only", async () => {
  await using backends = new NamedBackends(["one", "two", "three", "four"]);
  const options = { backends: backends.addresses, upstream: STICKY };
  await using one = await startHttp(options);
  await using same = await startHttp(options);
  const secret = "another secret of some length";
  const upstream = { sticky: { ...STICKY.sticky, secret } };
  await using other = await startHttp({ ...options, upstream });
  await ask(one);
  const first = await ask(one);

  const again = await ask(same, cookieOf(first));
  const foreign = await ask(other, cookieOf(first));

  assertEquals([again.body, valuesOf(again, "Set-Cookie").length], [first.body, 0]);
  assertEquals(valuesOf(foreign, "Set-Cookie").length, 1);
});

function ask({ address }: Scenario, cookie?: string): Promise<Message> {
  const fields = cookie === undefined ? [] : [`Cookie: ${cookie}`];
  return askOnce(address, headOf("GET / HTTP/1.1", "Host: a", ...fields));
}

/** Name and value of the one cookie that an answer sets. */
function cookieOf(answer: Message): string {
  const [cookie, ...others] = valuesOf(answer, "Set-Cookie");
  if (cookie === undefined || others.length > 0) throw new Error("Cannot read the one cookie");
  return cookie.split(";")[0]!;
}
