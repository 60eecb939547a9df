import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { HttpBackend } from "../support/http_backend.ts";
import { answerOf, valueOf } from "../support/http_wire.ts";
import { peerTest } from "../support/peers.ts";
import { runToEnd } from "../support/process.ts";
import { TestServer } from "../support/servers.ts";
import { TlsSite } from "../support/tls_site.ts";
import { eventually } from "../support/wait.ts";

peerTest("curl reaches a backend over TLS", ["curl", "openssl"], async () => {
  await using backend = new HttpBackend(() => answerOf(200, "hello"));
  await using site = await TlsSite.start({
    protocol: "http",
    names: [["a.test"]],
    backends: [backend.address],
    tls: { hsts: { max_age: "365d", include_subdomains: true } },
  });

  const { code, stdout, stderr } = await site.curl("a.test", ["-i"]);

  assertEquals(code, 0, stderr);
  assertMatch(stdout, /^HTTP\/1.1 200 /);
  assertMatch(stdout, /^strict-transport-security: max-age=31536000; includeSubDomains\r$/im);
  assertStringIncludes(stdout, "hello");
  assertEquals(valueOf(backend.request, "X-Forwarded-Proto"), "https");
  assertStringIncludes(valueOf(backend.request, "Forwarded") ?? "", "proto=https");
});

peerTest("answers of Weir's own have HSTS too", ["curl", "openssl"], async () => {
  await using site = await TlsSite.start({
    protocol: "http",
    names: [["a.test"]],
    backends: ["127.0.0.1:1"],
    listener: { routes: [{ match: { path: "/told" }, respond: { status: 200, body: "x" } }] },
    tls: { hsts: "180d" },
  });

  for (const [path, status] of [["/told", 200], ["/down", 502]] as const) {
    const { stdout } = await site.curl("a.test", ["-i"], path);

    assertMatch(stdout, new RegExp(`^HTTP/1.1 ${status}`));
    assertEquals(stdout.match(/^strict-transport-security: max-age=15552000\r$/gim)?.length, 1);
  }
});

peerTest("bytes of a TCP listener go both ways under TLS", ["openssl"], async () => {
  await using backend = new TestServer(async (conn) => {
    const buffer = new Uint8Array(64);
    const count = await conn.read(buffer) ?? 0;
    await conn.write(new TextEncoder().encode("got "));
    await conn.write(buffer.subarray(0, count));
  });
  await using site = await TlsSite.start({
    protocol: "tcp",
    names: [["a.test"]],
    backends: [backend.address],
    tls: { alpn: ["postgresql", "h2"] },
  });
  const command = `printf hello | openssl s_client -quiet -connect ${site.scenario.address} ` +
    `-CAfile ${site.authority.caFile} -servername a.test -verify_return_error -alpn h2`;

  const { stdout, stderr } = await runToEnd({ name: "sh", argv: ["sh", "-c", command] });

  assertEquals(stdout, "got hello", stderr);
});

peerTest("a certificate is chosen by the name asked for", ["openssl"], async () => {
  await using site = await TlsSite.start({
    protocol: "http",
    names: [["first.test"], ["b.test", "other.test"], ["*.wild.test"], ["x.wild.test"]],
    backends: ["127.0.0.1:1"],
  });
  const cases = [
    ["b.test", "b.test"],
    ["OTHER.test", "b.test"],
    ["y.wild.test", "*.wild.test"],
    ["x.wild.test", "x.wild.test"],
    ["y.x.wild.test", "first.test"],
    ["wild.test", "first.test"],
    ["nobody.test", "first.test"],
  ] as const;

  for (const [asked, shown] of cases) {
    const { stdout } = await site.sClient(["-servername", asked]);
    assertStringIncludes(stdout, `subject=CN = ${shown}`, asked);
  }
  const { stdout } = await site.sClient(["-noservername"]);
  assertStringIncludes(stdout, "subject=CN = first.test");
});

peerTest("failed handshakes are counted by kind", ["openssl", "curl"], async () => {
  await using site = await TlsSite.start({
    protocol: "http",
    names: [["a.test"]],
    backends: ["127.0.0.1:1"],
    tls: { handshake_timeout: "300ms" },
  });
  const { scenario } = site;

  const silent = await scenario.connect();
  using plain = await scenario.connect();
  await plain.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"));
  (await scenario.connect()).close();
  await site.sClient(["-tls1_2", "-cipher", "AES128-SHA"]);
  await runToEnd({ name: "curl", argv: ["curl", "-s", `https://${scenario.address}/`] });

  await eventually("the failures to be counted", async () => {
    const { tls, active } = await scenario.listenerStatus();
    const failures = { timeout: 1, not_tls: 1, incompatible: 1, alert: 1, closed: 1, other: 0 };
    assertEquals({ tls, active }, { tls: { handshakes: 0, failures }, active: 0 });
  });
  silent.close();
  assertEquals((await site.curl("a.test", ["-o", "/dev/null"])).code, 0);
});
