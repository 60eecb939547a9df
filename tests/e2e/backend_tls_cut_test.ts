import { assertEquals } from "@std/assert";
import { TestAuthority } from "../support/certificates.ts";
import { connectTo, receive, receiveAll, send } from "../support/clients.ts";
import { startHttp } from "../support/http_scenario.ts";
import { TempFolder } from "../support/paths.ts";
import { Scenario, type Settings } from "../support/scenario.ts";
import { CuttingRelay, TlsServer } from "../support/tls_peers.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/** A TLS backend whose connections can end without the word that ends TLS. */
async function startBackend(authority: TestAuthority, answer: string) {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(
    new TlsServer(await authority.issue(["app.test"]), async (conn) => {
      await conn.read(new Uint8Array(4096));
      await send(conn, answer);
      await conn.read(new Uint8Array(1));
    }),
  );
  const relay = stack.use(new CuttingRelay(server.address));
  const kept = stack.move();
  return { relay, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function upstreamOf(authority: TestAuthority): Settings {
  const tls = { server_name: "app.test", ca: authority.caFile };
  return { tls, health_check: { type: "none" }, retry: { attempts: 0 } };
}

Deno.test("over TCP a backend that vanishes without close_notify has ended", async () => {
  await using folder = await TempFolder.create();
  const authority = await TestAuthority.create(folder.path);
  await using backend = await startBackend(authority, "hello");
  await using scenario = await Scenario.start({
    backends: [backend.relay.address],
    upstream: upstreamOf(authority),
  });
  using conn = await connectTo(scenario.address);
  await send(conn, "hi");
  assertEquals(await receive(conn, "hello"), "hello");

  backend.relay.cut();

  assertEquals(await receiveAll(conn), "");
  assertEquals((await scenario.backendStatus())[0]?.failures, 0);
});

Deno.test("over HTTP an answer that ends so without a length is cut for the client too", async () => {
  await using folder = await TempFolder.create();
  const authority = await TestAuthority.create(folder.path);
  await using backend = await startBackend(authority, "HTTP/1.1 200 OK\r\n\r\npart");
  await using scenario = await startHttp({
    backends: [backend.relay.address],
    upstream: upstreamOf(authority),
  });
  using conn = await connectTo(scenario.address);
  await send(conn, GET);
  let text = "";
  while (!text.includes("part")) text += await receive(conn, "1");

  backend.relay.cut();
  text += await receiveAll(conn);

  assertEquals([text.includes("\r\n\r\n4\r\npart\r\n"), text.includes("\r\n0\r\n")], [true, false]);
  await scenario.waitForLog(/Answer cut short/);
});

Deno.test("over HTTP an answer with a length is complete without close_notify", async () => {
  await using folder = await TempFolder.create();
  const authority = await TestAuthority.create(folder.path);
  const answer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody";
  await using backend = await startBackend(authority, answer);
  await using scenario = await startHttp({
    backends: [backend.relay.address],
    upstream: upstreamOf(authority),
  });
  using conn = await connectTo(scenario.address);
  await send(conn, GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));

  const text = await receiveAll(conn);
  backend.relay.cut();

  assertEquals(text.endsWith("\r\n\r\nbody"), true);
});
