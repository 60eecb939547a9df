import { assertEquals } from "@std/assert";
import { type AdminOptions, answer } from "../../lib/admin/server.ts";

const OPTIONS: AdminOptions = {
  log: { enabled: () => false, write: () => {} },
  config: { address: { kind: "tcp", hostname: "127.0.0.1", port: 9000 } },
  isReady: () => true,
  status: () => ({ ready: true, workers: 2 }),
  metrics: () => "weir_ready 1\n",
};

interface Ask {
  readonly host?: string;
  readonly origin?: string;
  readonly method?: string;
}

/** @param ask headers as the client sends them */
function ask(path: string, { host = "127.0.0.1:9000", origin, method = "GET" }: Ask = {}): Request {
  const headers = new Headers({ host });
  if (origin !== undefined) headers.set("origin", origin);
  return new Request(`http://127.0.0.1:9000${path}`, { method, headers });
}

Deno.test("answer() says that the process lives", async () => {
  const response = answer(ask("/healthz"), { ...OPTIONS, isReady: () => false });

  assertEquals([response.status, await response.text()], [200, "alive\n"]);
});

Deno.test("answer() says whether Weir is ready", async () => {
  for (
    const [isReady, status, body] of [[true, 200, "ready\n"], [false, 503, "not ready\n"]] as const
  ) {
    const response = answer(ask("/readyz"), { ...OPTIONS, isReady: () => isReady });

    assertEquals([response.status, await response.text()], [status, body]);
  }
});

Deno.test("answer() gives the status as JSON that nobody may keep", async () => {
  const response = answer(ask("/api/v1/status"), OPTIONS);

  assertEquals(await response.json(), { ready: true, workers: 2 });
  assertEquals(response.headers.get("content-type"), "application/json");
  assertEquals(response.headers.get("cache-control"), "no-store");
  assertEquals(response.headers.get("x-content-type-options"), "nosniff");
});

Deno.test("answer() knows no other path", async () => {
  for (const path of ["/", "/healthz/", "/constructor", "/__proto__", "/api/v1/status/x"]) {
    const response = answer(ask(path), OPTIONS);

    assertEquals([response.status, await response.text()], [404, "Not found\n"], path);
  }
});

Deno.test("answer() takes GET and HEAD alone", () => {
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
    const response = answer(ask("/healthz", { method }), OPTIONS);

    assertEquals(response.status, 405, method);
  }
  assertEquals(answer(ask("/healthz", { method: "HEAD" }), OPTIONS).status, 200);
});

Deno.test("answer() names the methods it takes when it refuses one (RFC 9110 section 15.5.6)", () => {
  const response = answer(ask("/healthz", { method: "POST" }), OPTIONS);

  assertEquals(response.headers.get("allow"), "GET, HEAD");
});

Deno.test("answer() ignores the query", () => {
  assertEquals(answer(ask("/healthz?a=b"), OPTIONS).status, 200);
});

const LOCAL = [
  "127.0.0.1",
  "127.0.0.1:9000",
  "127.1.2.3:1",
  "localhost",
  "LOCALHOST:80",
  "[::1]:9000",
];
const FOREIGN = [
  "",
  "evil.example",
  "evil.example:9000",
  "127.0.0.1.evil.example",
  "localhost.evil.example",
  "127.0.0.1@evil.example",
  "evil.example#localhost",
  "192.168.1.1",
  "[::2]",
  "0.0.0.0",
  "not a host",
];

for (const host of LOCAL) {
  Deno.test(`answer() serves the host "${host}"`, () => {
    assertEquals(answer(ask("/healthz", { host }), OPTIONS).status, 200);
  });
}

for (const host of FOREIGN) {
  Deno.test(`answer() refuses the host "${host}"`, () => {
    assertEquals(answer(ask("/api/v1/status", { host }), OPTIONS).status, 403);
  });
}

Deno.test("answer() refuses a request without a host", () => {
  const request = ask("/healthz");
  request.headers.delete("host");

  assertEquals(answer(request, OPTIONS).status, 403);
});

Deno.test("answer() serves pages of this machine and refuses those of others", () => {
  for (const origin of ["http://localhost:3000", "https://127.0.0.1", "http://[::1]:9000"]) {
    assertEquals(answer(ask("/healthz", { origin }), OPTIONS).status, 200, origin);
  }
  for (const origin of ["https://evil.example", "null", "", "http://localhost.evil.example"]) {
    assertEquals(answer(ask("/healthz", { origin }), OPTIONS).status, 403, origin);
  }
});

Deno.test("answer() refuses a stranger before it says what paths there are", () => {
  assertEquals(answer(ask("/nowhere", { host: "evil.example" }), OPTIONS).status, 403);
});
