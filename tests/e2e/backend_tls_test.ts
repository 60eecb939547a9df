import { assertEquals, assertMatch } from "@std/assert";
import { TestAuthority } from "../support/certificates.ts";
import { ask, connectTo, receiveAll, send } from "../support/clients.ts";
import { HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { TempFolder } from "../support/paths.ts";
import { peerTest } from "../support/peers.ts";
import { Scenario } from "../support/scenario.ts";
import { startNginxBackend, TlsServer } from "../support/tls_peers.ts";
import { eventually } from "../support/wait.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

peerTest("HTTP to NGINX over TLS reuses verified connections", ["nginx"], async ({ nginx }) => {
  await using folder = await TempFolder.create();
  const authority = await TestAuthority.create(folder.path);
  const pair = await authority.issue(["app.test"]);
  await using backend = await startNginxBackend(nginx, {
    listen: "ssl",
    pair,
    answer: "$ssl_server_name $ssl_protocol $connection_requests",
  });
  await using scenario = await startHttp({
    backends: [backend.address],
    upstream: {
      tls: { server_name: "app.test", ca: authority.caFile },
      health_check: { type: "http" },
    },
  });
  using client = await HttpClient.connect(scenario.address);

  const answers = [await client.ask(GET), await client.ask(GET)];

  assertEquals(answers.map(({ body }) => body), ["app.test TLSv1.3 1", "app.test TLSv1.3 2"]);
  const [status] = await scenario.backendStatus();
  assertEquals([status?.up, status?.connections], [true, 1]);
});

peerTest("a backend gets to see the certificate of tls.cert", ["nginx"], async ({ nginx }) => {
  await using folder = await TempFolder.create();
  const authority = await TestAuthority.create(folder.path);
  const own = await authority.issue(["weir.test"]);
  await using backend = await startNginxBackend(nginx, {
    listen: "ssl",
    pair: await authority.issue(["app.test"]),
    answer: "$ssl_client_verify $ssl_client_s_dn $ssl_server_name",
    lines: [`ssl_client_certificate ${authority.caFile};`, "ssl_verify_client on;"],
  });
  const tls = { server_name: "app.test", ca: authority.caFile, ...own };
  await using scenario = await startHttp({
    backends: [backend.address],
    upstream: { tls, health_check: { type: "http" } },
  });
  using client = await HttpClient.connect(scenario.address);

  assertEquals((await client.ask(GET)).body, "SUCCESS CN=weir.test app.test");
});

Deno.test("TCP over TLS half-closes, and carries all of a large answer", async () => {
  await using folder = await TempFolder.create();
  const authority = await TestAuthority.create(folder.path);
  const pair = await authority.issue(["app.test"]);
  const answer = "x".repeat(2_000_000);
  await using backend = new TlsServer(pair, async (conn) => {
    await send(conn, (await receiveAll(conn)) + answer);
  });
  await using scenario = await Scenario.start({
    backends: [backend.address],
    upstream: { tls: { server_name: "app.test", ca: authority.caFile } },
  });

  const received = await ask(scenario.address, "hello");

  assertEquals([received.length, received.slice(0, 6)], [answer.length + 5, "hellox"]);
});

Deno.test("warm connections have done their handshakes", async () => {
  await using folder = await TempFolder.create();
  const authority = await TestAuthority.create(folder.path);
  let handshakes = 0;
  await using backend = new TlsServer(await authority.issue(["app.test"]), async (conn) => {
    handshakes++;
    await send(conn, `hello ${handshakes}`);
    await receiveAll(conn);
  });
  await using scenario = await Scenario.start({
    backends: [backend.address],
    top: { workers: 1 },
    upstream: {
      tls: { server_name: "app.test", ca: authority.caFile },
      health_check: { type: "none" },
      pool: { warm: 1 },
    },
  });
  await eventually("a warm connection", () => assertEquals(handshakes, 1));
  await eventually("an idle connection", async () => {
    assertEquals((await scenario.backendStatus())[0]?.idle, 1);
  });

  using conn = await connectTo(scenario.address);
  await conn.closeWrite();

  assertMatch(await receiveAll(conn), /^hello 1$/);
});

Deno.test("a backend by IP address needs a certificate for that address", async () => {
  await using folder = await TempFolder.create();
  const authority = await TestAuthority.create(folder.path);
  const other = await authority.issue(["127.0.0.1", "app.test"]);
  await using backend = new TlsServer(other, (conn) => send(conn, "hello"));
  const [ip = ""] = backend.address.split(":");
  await using scenario = await Scenario.start({
    backends: [backend.address],
    upstream: { tls: { ca: authority.caFile }, health_check: { type: "none" } },
  });

  assertEquals(await ask(scenario.address, ""), "");
  await scenario.waitForLog(/certificate is not for .*127\..* but for .*127\.0\.0\.1.*app\.test/);
  await backend.restart(await authority.issue([ip]));
  assertEquals(await ask(scenario.address, ""), "hello");
});
