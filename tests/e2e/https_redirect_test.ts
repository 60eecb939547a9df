import { assertEquals } from "@std/assert";
import { HttpBackend } from "../support/http_backend.ts";
import { answerOf } from "../support/http_wire.ts";
import { freeAddress } from "../support/free_port.ts";
import { startWeir } from "../support/weir.ts";
import { TempFolder } from "../support/paths.ts";
import { connectTo } from "../support/clients.ts";

const CASES = [
  ["GET /a/b?c=d&e HTTP/1.1\r\nHost: site.test:8080", 301, "https://site.test:8443/a/b?c=d&e"],
  ["POST / HTTP/1.1\r\nHost: SITE.test\r\nContent-Length: 0", 301, "https://site.test:8443/"],
  ["OPTIONS * HTTP/1.1\r\nHost: site.test", 301, "https://site.test:8443/"],
  ["GET http://other.test/x HTTP/1.1\r\nHost: other.test", 301, "https://other.test:8443/x"],
  ["GET /.well-known/acme-challenge/t HTTP/1.1\r\nHost: site.test", 200, undefined],
  ["GET / HTTP/1.0", 400, undefined],
] as const;

Deno.test("https_redirect keeps host, path and query, and routes go before it", async () => {
  await using backend = new HttpBackend(() => answerOf(200, "token"));
  await using folder = await TempFolder.create();
  const address = freeAddress();
  const config = await folder.write(
    "weir.yaml",
    `
listeners:
  - address: "${address}"
    protocol: http
    https_redirect: { port: 8443, status: 301 }
    routes: [{ match: { path_prefix: /.well-known/acme-challenge }, upstream: acme }]
upstreams:
  acme: { backends: [{ address: "${backend.address}" }], health_check: { type: none } }
`,
  );
  await using weir = await startWeir({ args: ["--config", config] });
  await weir.printed("stdout", / is ready/);

  for (const [head, status, location] of CASES) {
    using conn = await connectTo(address);
    await conn.write(new TextEncoder().encode(`${head}\r\nConnection: close\r\n\r\n`));
    const answer = await new Response(conn.readable).text();

    assertEquals(Number(answer.slice(9, 12)), status, head);
    assertEquals(/^location: (.*)\r$/im.exec(answer)?.[1], location, head);
  }
});
