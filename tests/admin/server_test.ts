import { assertEquals, assertStringIncludes } from "@std/assert";
import { settled } from "../support/fake_clock.ts";
import { AdminBench, TOKEN } from "./support.ts";

Deno.test("GET /healthz says that the process lives", async () => {
  using b = new AdminBench();
  b.isReady = false;
  const response = await b.ask("/healthz");

  assertEquals([response.status, await response.text()], [200, "alive\n"]);
});

Deno.test("GET /readyz says whether Weir is ready", async () => {
  using b = new AdminBench();
  for (
    const [isReady, status, body] of [[true, 200, "ready\n"], [false, 503, "not ready\n"]] as const
  ) {
    b.isReady = isReady;
    const response = await b.ask("/readyz");

    assertEquals([response.status, await response.text()], [status, body]);
  }
});

Deno.test("GET /api/v1/status is JSON that nobody may keep, guess at or frame", async () => {
  using b = new AdminBench();
  const { headers, ...response } = await full(b.ask("/api/v1/status"));

  assertEquals(JSON.parse(response.body).upstreams[1], {
    name: "api",
    backends: [{ id: "api-1" }],
  });
  assertEquals(headers.get("content-type"), "application/json");
  assertEquals(headers.get("cache-control"), "no-store");
  assertEquals(headers.get("x-content-type-options"), "nosniff");
  assertEquals(headers.get("x-frame-options"), "DENY");
  assertStringIncludes(headers.get("content-security-policy") ?? "", "frame-ancestors 'none'");
});

Deno.test("GET /metrics is the page for Prometheus, for those who have the token", async () => {
  using b = new AdminBench({ token: TOKEN });
  const headers = { authorization: `Bearer ${TOKEN}` };
  const response = await full(b.ask("/metrics", { headers }));

  assertEquals([response.status, response.body], [200, "weir_ready 1\n"]);
  assertEquals(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  assertEquals(await b.statusOf("/metrics"), 401);
});

Deno.test("GET /api/v1/config shows what Weir runs on, without secrets", async () => {
  using b = new AdminBench();
  const { body } = await full(b.ask("/api/v1/config"));

  assertEquals(JSON.parse(body).upstreams[0].sticky, {
    cookie: "weir",
    ttlMs: 1000,
    secret: "(hidden)",
  });
});

Deno.test("GET /api/v1/upstreams and their backends are parts of the status", async () => {
  using b = new AdminBench();

  const names = JSON.parse((await full(b.ask("/api/v1/upstreams"))).body)
    .map(({ name }: { name: string }) => name);
  const backends = (await full(b.ask("/api/v1/upstreams/api/backends"))).body;

  assertEquals(names, ["app", "api"]);
  assertEquals(JSON.parse(backends), [{ id: "api-1" }]);
});

Deno.test("the admin interface knows no other path", async () => {
  using b = new AdminBench();
  for (
    const path of [
      "/nowhere",
      "/healthz/",
      "/constructor",
      "/__proto__",
      "/api/v1/status/x",
      "/api/v1/upstreams//backends",
      "/api/v1/upstreams/%ff/backends",
      "/api/v1/upstreams/none/backends",
    ]
  ) {
    assertEquals(await b.statusOf(path), 404, path);
  }
});

Deno.test("the admin interface names the methods of a path when it refuses one (RFC 9110 section 15.5.6)", async () => {
  using b = new AdminBench();

  const health = await full(b.ask("/healthz", { method: "POST" }));
  const backend = await full(b.ask("/api/v1/upstreams/app/backends/app-1"));

  assertEquals([health.status, health.headers.get("allow")], [405, "GET, HEAD"]);
  assertEquals([backend.status, backend.headers.get("allow")], [405, "DELETE, PATCH"]);
});

Deno.test("HEAD is answered like GET, without the body", async () => {
  using b = new AdminBench();

  const response = await full(b.ask("/api/v1/status", { method: "HEAD" }));
  const events = await full(b.ask("/api/v1/events", { method: "HEAD" }));

  assertEquals([response.status, response.body], [200, ""]);
  assertEquals([events.status, events.body, b.events.size], [200, "", 0]);
});

Deno.test("PATCH of a backend changes its weight, its state, or both", async () => {
  using b = new AdminBench();
  const method = "PATCH";

  await b.ask("/api/v1/upstreams/app/backends/app-1", { method, json: { weight: 50 } });
  const path = `/api/v1/upstreams/app/backends/${encodeURIComponent("unix:/run/app.sock")}`;
  const both = await b.ask(path, { method, json: { weight: 0, state: "drain" } });

  assertEquals(b.changes, [
    ["app", "app-1", { weight: 50 }],
    ["app", "unix:/run/app.sock", { weight: 0, state: "drain" }],
  ]);
  assertEquals(await both.json(), { id: "unix:/run/app.sock" });
});

const WRONG_PATCHES: readonly (readonly [unknown, string])[] = [
  [{}, 'Nothing to change: "weight" or "state" is required'],
  [[], "Body must be a JSON object"],
  [null, "Body must be a JSON object"],
  [{ weigth: 3 }, 'Unknown key "weigth": did you mean "weight"?'],
  [{ weight: -1 }, '"weight" must be a whole number from 0 to 65535: current value is -1'],
  [{ weight: 65536 }, '"weight" must be a whole number from 0 to 65535: current value is 65536'],
  [{ weight: 1.5 }, '"weight" must be a whole number from 0 to 65535: current value is 1.5'],
  [{ weight: "5" }, '"weight" must be a whole number from 0 to 65535: current value is "5"'],
  [
    { state: "drian" },
    '"state" must be one of "ready", "drain", "maintenance" (did you mean "drain"?): ' +
    'current value is "drian"',
  ],
  [{ weight: 5, state: null }, '"state" must be one of'],
];

for (const [json, message] of WRONG_PATCHES) {
  Deno.test(`PATCH of a backend refuses ${JSON.stringify(json)} and changes nothing`, async () => {
    using b = new AdminBench();
    const path = "/api/v1/upstreams/app/backends/app-1";
    const { status, body } = await full(b.ask(path, { method: "PATCH", json }));

    assertEquals([status, b.changes], [400, []]);
    assertStringIncludes(JSON.parse(body).error, message);
  });
}

Deno.test("PATCH names the backend or upstream that was meant", async () => {
  using b = new AdminBench();
  const request = { method: "PATCH", json: { weight: 1 } };

  const backend = await full(b.ask("/api/v1/upstreams/app/backends/app-2", request));
  const upstream = await full(b.ask("/api/v1/upstreams/apo/backends/app-1", request));

  assertEquals([backend.status, JSON.parse(backend.body).error], [
    404,
    'There is no backend "app-2": did you mean "app-1"?',
  ]);
  assertEquals([upstream.status, upstream.body.includes("did you mean")], [404, true]);
  assertEquals(b.changes, []);
});

Deno.test("PUT /api/v1/log sets the level of the log", async () => {
  using b = new AdminBench();
  const put = (level: unknown) => b.statusOf("/api/v1/log", { method: "PUT", json: { level } });

  assertEquals([await put("debug"), await put("warn"), await put("loud")], [200, 200, 400]);
  assertEquals(b.levels, ["debug", "warning"]);
});

Deno.test("POST /api/v1/explain hands on a question, with headers as a mapping or as pairs", async () => {
  using b = new AdminBench();
  const explain = (json: unknown) => full(b.ask("/api/v1/explain", { method: "POST", json }));

  const mapped = await explain({ url: "http://a/", headers: { "x-a": "1" }, client: "192.0.2.1" });
  const paired = await explain({ url: "http://a/", headers: [["x-a", "1"], ["x-a", "2"]] });
  const wrong = await Promise.all(
    [{}, { url: 5 }, { url: "http://a/", headers: ["x"] }, { url: "http://a/", query: "" }].map(
      explain,
    ),
  );

  assertEquals(JSON.parse(mapped.body).question, {
    url: "http://a/",
    client: "192.0.2.1",
    headers: [["x-a", "1"]],
  });
  assertEquals(JSON.parse(paired.body).question.headers, [["x-a", "1"], ["x-a", "2"]]);
  assertEquals(wrong.map(({ status }) => status), [400, 400, 400, 400]);
});

Deno.test("a body has to say that it is JSON, be it, and be no longer than 1 MiB", async () => {
  using b = new AdminBench();
  const path = "/api/v1/upstreams/app/backends/app-1";
  const patch = (contentType: string, body: string) =>
    b.statusOf(path, { method: "PATCH", headers: { "content-type": contentType }, body });
  const long = JSON.stringify({ weight: 1, filler: "x".repeat(1024 * 1024) });

  assertEquals(await patch("text/plain", '{"weight":1}'), 415);
  assertEquals(await patch("application/x-www-form-urlencoded", '{"weight":1}'), 415);
  assertEquals(await patch("application/json", '{"weight":'), 400);
  assertEquals(await patch("application/json", long), 413);
  assertEquals(b.changes, []);
  assertEquals(await patch("Application/JSON; charset=utf-8", '{"weight":1}'), 200);
});

Deno.test("a body that does not come is waited for ten seconds", async () => {
  using b = new AdminBench();
  const body = new ReadableStream<Uint8Array>({});
  const path = "/api/v1/upstreams/app/backends/app-1";
  const headers = { "content-type": "application/json" };
  const answer = b.statusOf(path, { method: "PATCH", headers, body });
  await settled();

  await b.clock.run(10_000, 1000);

  assertEquals([await answer, b.changes], [408, []]);
});

Deno.test("an error that nobody foresaw is told to the log, not to the client", async () => {
  using b = new AdminBench();
  b.isBroken = true;
  const { status, body } = await full(b.ask("/api/v1/status"));

  assertEquals([status, body.includes("inner workings")], [500, false]);
  assertEquals(b.log.fieldsOf("Admin request failed")[0]?.error, "inner workings");
});

Deno.test("GET /api/v1/events streams what happens from the number on that is asked for", async () => {
  using b = new AdminBench();
  for (const upstream of ["a", "b"]) b.events.emit({ type: "panic", upstream, panic: true });
  const response = await b.ask("/api/v1/events?stats=0", { headers: { "last-event-id": "1" } });
  b.events.emit({ type: "draining" });
  b.events[Symbol.dispose]();

  assertEquals(response.headers.get("content-type"), "text/event-stream");
  const text = await response.text();
  assertEquals(text.match(/^id: .*$/gm), ["id: 2", "id: 3"]);
  assertEquals(await b.statusOf("/api/v1/events?since=x"), 400);
});

Deno.test("the admin interface tells nobody without the token, but whether Weir lives", async () => {
  using b = new AdminBench({ token: TOKEN });
  const headers = { authorization: `Bearer ${TOKEN}` };

  for (const path of ["/api/v1/status", "/api/v1/config", "/api/v1/events", "/nowhere"]) {
    const response = await full(b.ask(path));
    assertEquals([response.status, response.body.includes("Token needed")], [401, true], path);
    assertEquals(response.headers.get("www-authenticate"), 'Bearer realm="weir"');
  }
  assertEquals(await b.statusOf("/api/v1/status", { headers }), 200);
  assertEquals(await b.statusOf("/nowhere", { headers }), 404);
  assertEquals([await b.statusOf("/healthz"), await b.statusOf("/readyz")], [200, 200]);
});

async function full(
  pending: Promise<Response>,
): Promise<{ status: number; headers: Headers; body: string }> {
  const response = await pending;
  return { status: response.status, headers: response.headers, body: await response.text() };
}

Deno.test("POST /api/v1/reload says what changed", async () => {
  using b = new AdminBench();
  const changes = {
    settings: [{ setting: "url", from: "http://me:password@h/", to: "http://h/" }],
    listeners: { opened: [], closed: [], changed: [] },
    upstreams: { added: ["new"], removed: [], changed: [] },
  };
  b.result = { ok: true, how: "in_place", changes, warnings: [] };
  const { status, body } = await full(b.ask("/api/v1/reload", { method: "POST", json: {} }));

  assertEquals([status, JSON.parse(body).changes.upstreams.added], [200, ["new"]]);
  assertEquals(JSON.parse(body).changes.settings[0].from, "http://(hidden)@h/");
});

Deno.test("POST /api/v1/reload says why nothing changed", async () => {
  using b = new AdminBench();
  const problems = ["weir.yaml:1:2: wrong", "weir.yaml:3:4: worse"];
  for (const [why, status] of [["invalid", 422], ["conflict", 409]] as const) {
    b.result = { ok: false, why, problems };
    const response = await full(b.ask("/api/v1/reload", { method: "POST", json: {} }));

    assertEquals([response.status, JSON.parse(response.body).problems], [status, problems]);
  }
  assertEquals(await b.statusOf("/api/v1/reload", { method: "POST", json: { now: 1 } }), 400);
  assertEquals(await b.statusOf("/api/v1/reload", { method: "POST" }), 415);
});

Deno.test("POST …/backends adds a backend to an upstream that is there", async () => {
  using b = new AdminBench();
  b.result = { ok: true, how: "in_place", changes: NO_DIFF, warnings: [] };
  const path = "/api/v1/upstreams/app/backends";
  const post = (path: string, json: unknown) => full(b.ask(path, { method: "POST", json }));

  const done = await post(path, { address: "10.0.0.1:80", weight: "3" });
  const wrong = await post(path, { address: "10.0.0.1:80", weight: -3 });
  const nowhere = await post("/api/v1/upstreams/ap/backends", { address: "10.0.0.1:80" });

  assertEquals([done.status, wrong.status, nowhere.status], [201, 422, 404]);
  assertStringIncludes(JSON.parse(wrong.body).problems[0], "weight: must be a whole number");
  assertEquals(b.added.map(([upstream, { spec }]) => [upstream, spec.id, spec.weight]), [
    ["app", "10.0.0.1:80", 3],
  ]);
});

Deno.test("DELETE …/backends/{backend} removes a backend that is there", async () => {
  using b = new AdminBench();
  b.result = { ok: true, how: "in_place", changes: NO_DIFF, warnings: [] };
  const path = "/api/v1/upstreams/app/backends";
  const socket = encodeURIComponent("unix:/run/app.sock");

  const statuses = [
    await b.statusOf(`${path}/${socket}`, { method: "DELETE" }),
    await b.statusOf(`${path}/app-7`, { method: "DELETE" }),
  ];
  b.result = { ok: false, why: "conflict", problems: ["it is the last"] };
  statuses.push(await b.statusOf(`${path}/app-1`, { method: "DELETE" }));

  assertEquals(statuses, [200, 404, 409]);
  assertEquals(b.removed, [["app", "unix:/run/app.sock"], ["app", "app-1"]]);
});

const NO_DIFF = {
  settings: [],
  listeners: { opened: [], closed: [], changed: [] },
  upstreams: { added: [], removed: [], changed: [] },
};

Deno.test("POST /api/v1/plan takes a configuration as text", async () => {
  using b = new AdminBench();
  const post = (json: unknown) => full(b.ask("/api/v1/plan", { method: "POST", json }));
  b.result = { ok: true, how: "in_place", changes: NO_DIFF, warnings: [] };

  const planned = await post({ yaml: "listeners: []", name: "new.yaml" });
  const unnamed = await post({ yaml: {} });
  b.result = { ok: false, why: "invalid", problems: ["new.yaml:1:12: wrong"] };
  const wrong = await post({ yaml: "listeners: []" });

  assertEquals([planned.status, unnamed.status, wrong.status], [200, 400, 422]);
  assertEquals(JSON.parse(planned.body), { name: "new.yaml", text: "listeners: []" });
});

Deno.test("GET /api/v1/config?format=yaml shows the file, comments too, without secrets", async () => {
  using b = new AdminBench();
  b.result = { ok: true, how: "in_place", changes: NO_DIFF, warnings: [] };
  const { body, headers } = await full(b.ask("/api/v1/config?format=yaml"));

  assertEquals(body.split("\n"), [
    "# (hidden)",
    "log: { level: info } # as usual",
    "upstreams:",
    "  app:",
    "    sticky: { cookie: weir, secret: (hidden) }",
    "",
  ]);
  assertEquals(headers.get("content-type"), "application/yaml; charset=utf-8");
});

Deno.test("GET /api/v1/config says why the file cannot be shown, and which formats there are", async () => {
  using b = new AdminBench();

  assertEquals(await b.statusOf("/api/v1/config?format=yaml"), 409);
  assertEquals(await b.statusOf("/api/v1/config?format=changes"), 409);
  assertEquals(await b.statusOf("/api/v1/config?format=xml"), 400);
});
