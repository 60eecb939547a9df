import { MetricTable } from "../../lib/metrics/metric_table.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { connectLoopback, denoTransport } from "../../lib/net/deno_transport.ts";
import { BufferPool } from "../../lib/net/buffers.ts";
import { Timeouts } from "../../lib/net/timeouts.ts";
import { Aborters } from "../../lib/net/aborters.ts";
import type { Conn } from "../../lib/net/transport.ts";
import { writeAll } from "../../lib/net/transport.ts";
import { SharedTable } from "../../lib/core/shared_table.ts";
import { TlsHop } from "../../lib/runtime/tls_hop.ts";
import { TestAuthority } from "../support/certificates.ts";
import { freeAddress } from "../support/free_port.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { TempFolder } from "../support/paths.ts";
import { peerTest } from "../support/peers.ts";

/** A hop, and a plain listener before it. */
async function startHop() {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await TempFolder.create());
  const authority = await TestAuthority.create(folder.path);
  const { cert, key } = await authority.issue(["a.test"]);
  const certificate = {
    names: ["a.test"],
    cert: await Deno.readTextFile(cert),
    key: await Deno.readTextFile(key),
  };
  const timeouts = stack.use(new Timeouts(() => performance.now()));
  const thread = {
    table: SharedTable.create({ workers: 1, backends: 1, upstreams: 1, listeners: 1 }),
    meters: MetricTable.create({ workers: 1, listeners: [], upstreams: [], links: [] }).metersOf(0),
    now: () => performance.now(),
    worker: 0,
    transport: denoTransport,
    log: new MemoryLog(),
    aborters: new Aborters(),
    buffers: new BufferPool(),
    timeouts,
  };
  using reserved = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = reserved.addr;
  reserved.close();
  const terms = { certificates: [certificate], alpn: [] };
  const acceptor = denoTransport.listen({ kind: "tcp", hostname: "127.0.0.1", port }, terms);
  const splice = {
    buffers: thread.buffers,
    timeouts,
    idleTimeoutMs: 1000,
    tunnelTimeoutMs: 10_000,
  };
  const hop = stack.use(
    new TlsHop({ acceptor, connect: () => connectLoopback(port), splice, thread }),
  );
  const [hostname = "", plain] = freeAddress().split(":");
  const front = stack.use(
    denoTransport.listen({ kind: "tcp", hostname, port: Number(plain) }),
  );
  const caCerts = [await Deno.readTextFile(authority.caFile)];
  const moved = stack.move();
  return {
    hop,
    front,
    port,
    caCerts,
    dial: () => Deno.connect({ hostname, port: Number(plain) }),
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

peerTest("TlsHop takes the TLS off, and keeps the client's address", ["openssl"], async () => {
  await using parts = await startHop();
  const { hop, front, caCerts } = parts;
  const tcp = await parts.dial();
  const raw = (await front.accept())!;
  // As one that came behind a PROXY header would be.
  const remote = { kind: "tcp", hostname: "192.0.2.9", port: 7 } as const;
  const named: Conn = {
    remote,
    read: (into) => raw.read(into),
    write: (bytes) => raw.write(bytes),
    closeWrite: () => raw.closeWrite(),
    close: () => raw.close(),
  };

  const [client, secure] = await Promise.all([
    Deno.startTls(tcp, { hostname: "a.test", caCerts }),
    hop.enter(named).then(async (conn) => {
      await conn.handshake();
      return conn;
    }),
  ]);
  await client.write(new TextEncoder().encode("ping"));
  const buffer = new Uint8Array(100);
  const count = await secure.read(buffer);
  await writeAll(secure, new TextEncoder().encode("pong"));
  secure.close();

  assertEquals(new TextDecoder().decode(buffer.subarray(0, count ?? 0)), "ping");
  assertEquals(secure.remote, remote);
  assertEquals(await new Response(client.readable).text(), "pong");
  await secure.carried;
});

peerTest("TlsHop closes whom it does not know", ["openssl"], async () => {
  await using parts = await startHop();

  using stranger = await Deno.connect({ hostname: "127.0.0.1", port: parts.port });
  // No handshake has begun, so the runtime lets go of it only when it hears something.
  await stranger.write(new TextEncoder().encode("hello"));
  const said = await stranger.read(new Uint8Array(100)).catch(() => null);

  // At most an alert of TLS.
  assertEquals(said === null || said <= 7, true);
});

peerTest("a client that is closed ends its handshake in a TlsHop", ["openssl"], async () => {
  await using parts = await startHop();
  using tcp = await parts.dial();
  const raw = (await parts.front.accept())!;
  // The head of a record that promises more.
  await tcp.write(Uint8Array.of(22, 3, 1, 0, 100, 1));

  const entering = parts.hop.enter(raw);
  raw.close();

  await assertRejects(() => entering);
});
