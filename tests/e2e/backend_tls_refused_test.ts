import { assertEquals, assertMatch } from "@std/assert";
import { TestAuthority } from "../support/certificates.ts";
import { ask, send } from "../support/clients.ts";
import { askOnce } from "../support/http_client.ts";
import { NO_RETRY, startHttp } from "../support/http_scenario.ts";
import { statusOf, valueOf } from "../support/http_wire.ts";
import { TempFolder } from "../support/paths.ts";
import { Scenario, type Settings } from "../support/scenario.ts";
import { TestServer } from "../support/servers.ts";
import { TlsServer } from "../support/tls_peers.ts";
import { eventually } from "../support/wait.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

async function answer(conn: Deno.Conn): Promise<void> {
  await conn.read(new Uint8Array(4096));
  await send(conn, OK);
  await conn.read(new Uint8Array(1));
}

const CERTIFICATES: readonly {
  readonly what: string;
  readonly names: readonly string[];
  readonly days?: number;
  readonly upstream: (ca: string) => Settings;
  readonly reason: RegExp;
}[] = [
  {
    what: "for other names",
    names: ["other.test", "two.test"],
    upstream: (ca) => ({ tls: { server_name: "app.test", ca } }),
    reason: /certificate is not for .*app\.test.* but for .*other\.test.*two\.test/,
  },
  {
    what: "of an unknown authority",
    names: ["app.test"],
    upstream: () => ({ tls: { server_name: "app.test" } }),
    reason: /issuer of the certificate is not known/,
  },
  {
    what: "that has expired",
    names: ["app.test"],
    days: -1,
    upstream: (ca) => ({ tls: { server_name: "app.test", ca } }),
    reason: /certificate has expired/,
  },
];

for (const { what, names, days = 30, upstream, reason } of CERTIFICATES) {
  Deno.test(`a certificate ${what} is refused: 502 tls_failed, and the log says why`, async () => {
    await using folder = await TempFolder.create();
    const authority = await TestAuthority.create(folder.path);
    await using backend = new TlsServer(await authority.issue(names, { days }), answer);
    await using scenario = await startHttp({
      backends: [backend.address],
      upstream: { ...NO_RETRY, ...upstream(authority.caFile) },
    });

    const message = await askOnce(scenario.address, GET);

    assertEquals([statusOf(message), valueOf(message, "X-Weir-Reason")], [502, "tls_failed"]);
    const [line] = await scenario.waitForLog(/No TLS with a backend.*/);
    assertMatch(line, /reason=tls_failed/);
    assertMatch(line, reason);
    assertEquals((await scenario.backendStatus())[0]?.connectFailures, 1);
  });
}

const PEERS: readonly {
  readonly what: string;
  readonly serve: (conn: Deno.Conn, disposed: Promise<void>) => Promise<void>;
  readonly expected: readonly [status: number, reason: string];
  readonly log: RegExp;
}[] = [
  {
    what: "speaks without TLS",
    serve: (conn) => send(conn, "HTTP/1.1 400 Bad Request\r\n\r\n"),
    expected: [502, "tls_failed"],
    log: /what came is not TLS/,
  },
  {
    what: "closes in the middle of the handshake",
    serve: async (conn) => {
      await conn.read(new Uint8Array(4096));
      // The beginning of a record that does not come.
      await send(conn, Uint8Array.of(22, 3, 3, 0, 100, 2));
    },
    expected: [502, "tls_failed"],
    log: /closed the connection in the handshake/,
  },
  {
    what: "hangs in the handshake",
    serve: (_, disposed) => disposed,
    expected: [504, "timeout"],
    log: /TLS handshake not done in time/,
  },
];

for (const { what, serve, expected, log } of PEERS) {
  Deno.test(`a backend that ${what} is a failed connect: ${expected.join(" ")}`, async () => {
    await using backend = new TestServer(serve);
    await using scenario = await startHttp({
      backends: [backend.address],
      upstream: { ...NO_RETRY, tls: { server_name: "app.test" }, connect_timeout: "500ms" },
      launch: { args: ["--log-level", "debug"] },
    });

    const message = await askOnce(scenario.address, GET);

    assertEquals([statusOf(message), valueOf(message, "X-Weir-Reason")], [...expected]);
    const [status] = await scenario.backendStatus();
    assertEquals([status?.connectFailures, status?.connections], [1, 0]);
    await scenario.waitForLog(log);
  });
}

Deno.test("who cannot be spoken TLS with is passed over: nothing was sent to it", async () => {
  await using folder = await TempFolder.create();
  const authority = await TestAuthority.create(folder.path);
  await using wrong = new TlsServer(await authority.issue(["other.test"]), answer);
  await using right = new TlsServer(await authority.issue(["app.test"]), answer);
  const settings = {
    backends: [wrong.address, right.address],
    upstream: {
      algorithm: "first",
      tls: { server_name: "app.test", ca: authority.caFile },
      health_check: { type: "none" },
    },
  };
  await using http = await startHttp(settings);
  await using tcp = await Scenario.start(settings);
  const post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi";

  assertEquals(statusOf(await askOnce(http.address, post)), 200);
  assertEquals(await ask(tcp.address, "hello"), OK);
});

Deno.test("a backend that comes back with another certificate is found out", async () => {
  await using folder = await TempFolder.create();
  await using strange = await TempFolder.create();
  const authority = await TestAuthority.create(folder.path);
  const stranger = await TestAuthority.create(strange.path);
  await using backend = new TlsServer(await authority.issue(["app.test"]), answer);
  await using scenario = await startHttp({
    backends: [backend.address],
    upstream: {
      tls: { server_name: "app.test", ca: authority.caFile },
      health_check: { type: "tcp", interval: "50ms", fall: 1, rise: 1 },
    },
  });
  const state = async () => (await scenario.backendStatus())[0]?.up;
  assertEquals(statusOf(await askOnce(scenario.address, GET)), 200);

  await backend.restart(await stranger.issue(["app.test"]));

  await scenario.waitForLog(
    /Backend is down.*TLS failed: certificate is not signed by the authority that it names/,
  );
  assertEquals(await state(), false);
  await backend.restart(await authority.issue(["app.test"], { file: "second" }));
  await eventually("the backend", async () => assertEquals(await state(), true));
  assertEquals(statusOf(await askOnce(scenario.address, GET)), 200);
});
