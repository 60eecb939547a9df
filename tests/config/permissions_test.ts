import { assertEquals } from "@std/assert";
import { networkList } from "../../lib/config/permissions.ts";
import { configOf, MINIMAL } from "./support.ts";

Deno.test("networkList() lists every address once, in Deno's syntax", async () => {
  const config = await configOf(`
admin: { address: "[::1]:9090" }
tracing: { endpoint: "https://otel.internal" }
listeners:
  - { address: "unix:/run/weir.sock", upstream: a }
  - { address: ":8080", upstream: a }
  - { address: "127.0.0.1:80", upstream: b }
  - { address: "[::1]:80", upstream: b }
upstreams:
  a: { backends: [{ address: "app.internal:1" }, { address: "[2001:db8::1]:2" }] }
  b: { backends: [{ address: "unix:/run/app.sock" }, { address: "app.internal:1" }] }
`);

  assertEquals(networkList(config), {
    listen: ["0.0.0.0:8080", "127.0.0.1:80", "[::1]:80", "[::]:8080", "unix:/run/weir.sock"],
    connect: ["[2001:db8::1]:2", "app.internal:1", "unix:/run/app.sock"],
    unixPaths: ["/run/app.sock", "/run/weir.sock"],
    admin: ["[::1]:9090"],
    collector: ["otel.internal:443"],
  });
});

Deno.test("networkList() has no admin entry without an admin listener", async () => {
  assertEquals(networkList(await configOf(MINIMAL)), {
    listen: ["0.0.0.0:8080", "[::]:8080"],
    connect: ["127.0.0.1:8081"],
    unixPaths: [],
    admin: [],
    collector: [],
  });
});
