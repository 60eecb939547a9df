import { assertEquals } from "@std/assert";
import type { AdminConfig } from "../../lib/config/types.ts";
import { AdminBench, TOKEN } from "./support.ts";

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
  "127.0.0.1:9000:9000",
];

for (const host of LOCAL) {
  Deno.test(`the admin interface on loopback serves the host "${host}"`, async () => {
    using b = new AdminBench();

    assertEquals(await b.statusOf("/healthz", { host }), 200);
  });
}

for (const host of FOREIGN) {
  Deno.test(`the admin interface on loopback refuses the host "${host}"`, async () => {
    using b = new AdminBench();

    assertEquals(await b.statusOf("/api/v1/status", { host }), 403);
    assertEquals(await b.statusOf("/nowhere", { host }), 403);
  });
}

Deno.test("the admin interface serves names that are configured", async () => {
  using b = new AdminBench({ hosts: ["Weir.internal"] });

  assertEquals(await b.statusOf("/healthz", { host: "weir.internal:80" }), 200);
  assertEquals(await b.statusOf("/healthz", { host: "other.internal" }), 403);
});

Deno.test("the admin interface that all can reach serves any IP address and its own name", async () => {
  const address = (hostname: string): AdminConfig["address"] => {
    return { kind: "tcp", hostname, port: 9000 };
  };
  using b = new AdminBench({ address: address("::"), token: TOKEN });
  using named = new AdminBench({ address: address("box.internal"), token: TOKEN });

  for (const host of ["10.1.2.3:9000", "[2001:db8::1]:9000", "localhost:9000"]) {
    assertEquals(await b.statusOf("/healthz", { host }), 200, host);
  }
  assertEquals(await b.statusOf("/healthz", { host: "box.internal" }), 403);
  assertEquals(await named.statusOf("/healthz", { host: "box.internal:9000" }), 200);
});

Deno.test("the admin interface serves its own page and no other", async () => {
  using b = new AdminBench();
  const ask = (origin: string, host?: string) =>
    b.statusOf("/healthz", { headers: { origin }, ...(host === undefined ? {} : { host }) });

  assertEquals(await ask("http://127.0.0.1:9000"), 200);
  assertEquals(await ask("https://127.0.0.1:9000"), 200);
  assertEquals(await ask("http://localhost", "localhost:80"), 200);
  for (
    const origin of [
      "http://127.0.0.1:3000",
      "http://localhost:9000",
      "https://evil.example",
      "null",
      "",
      "http://127.0.0.1:9000.evil.example",
    ]
  ) {
    assertEquals(await ask(origin), 403, origin);
  }
});

Deno.test("the admin interface refuses what another site has a browser fetch, but follows a link", async () => {
  using b = new AdminBench();
  const ask = (site: string, mode: string, method = "GET") =>
    b.statusOf("/readyz", { method, headers: { "sec-fetch-site": site, "sec-fetch-mode": mode } });

  assertEquals(await ask("cross-site", "no-cors"), 403);
  assertEquals(await ask("same-site", "cors"), 403);
  assertEquals(await ask("cross-site", "navigate", "POST"), 403);
  assertEquals(await ask("cross-site", "navigate"), 200);
  assertEquals(await ask("same-origin", "cors"), 200);
  assertEquals(await ask("none", "navigate"), 200);
});
