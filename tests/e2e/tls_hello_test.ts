import { assert, assertEquals } from "@std/assert";
import { connectTo } from "../support/clients.ts";
import { HttpBackend } from "../support/http_backend.ts";
import { answerOf } from "../support/http_wire.ts";
import { peerTest } from "../support/peers.ts";
import { TestServer } from "../support/servers.ts";
import { TlsSite } from "../support/tls_site.ts";
import { eventually, pause } from "../support/wait.ts";

/** Stands before Weir and hands on what the client says in pieces of `size` bytes. */
function inPieces(address: string, size: number): TestServer {
  return new TestServer(async (conn) => {
    using weir = await connectTo(address);
    const back = weir.readable.pipeTo(conn.writable, { preventClose: true }).catch(() => {});
    const buffer = new Uint8Array(64 * 1024);
    for (let count = await conn.read(buffer); count !== null; count = await conn.read(buffer)) {
      for (let at = 0; at < count; at += size) {
        await weir.write(buffer.slice(at, Math.min(count, at + size)));
        await pause(1);
      }
    }
    await back;
  });
}

for (const names of [[["a.test"]], [["b.test"], ["a.test"]]]) {
  peerTest(`a ClientHello comes in pieces, ${names.length} certificates`, ["openssl"], async () => {
    await using backend = new HttpBackend(() => answerOf(200, "hello"));
    await using site = await TlsSite.start({
      protocol: "http",
      names,
      backends: [backend.address],
    });
    await using slow = inPieces(site.scenario.address, 40);
    const caCerts = [await Deno.readTextFile(site.authority.caFile)];
    const [hostname = "", port] = slow.address.split(":");

    using conn = await Deno.startTls(await Deno.connect({ hostname, port: Number(port) }), {
      hostname: "a.test",
      caCerts,
    });
    await conn.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"));
    const buffer = new Uint8Array(1000);
    const count = await conn.read(buffer) ?? 0;

    assert(new TextDecoder().decode(buffer.subarray(0, count)).startsWith("HTTP/1.1 200 "));
  });
}

peerTest(
  "clients that do not end their handshakes do not keep others out",
  ["openssl"],
  async () => {
    await using backend = new HttpBackend(() => answerOf(200, "hello"));
    await using site = await TlsSite.start({
      protocol: "http",
      names: [["a.test"]],
      backends: [backend.address],
      workers: 1,
      tls: { handshake_timeout: "1s" },
    });
    const silent: Deno.Conn[] = [];

    try {
      for (let i = 0; i < 1200; i++) silent.push(await site.scenario.connect());
      assertEquals((await site.curl("a.test", ["-o", "/dev/null"])).code, 0);

      // Beyond those that the runtime holds, all are cut in time; no slot is lost to any of them.
      const ended = silent.map(async (conn) => await conn.read(new Uint8Array(1)) === null);
      const cut = await Promise.all(ended.slice(600));
      assert(cut.every((isCut) => isCut));
      await eventually("the slots to be free", async () => {
        const { active, tls } = await site.scenario.listenerStatus();
        assertEquals([active, tls?.failures.timeout], [0, 1200]);
      });
      assertEquals((await site.curl("a.test", ["-o", "/dev/null"])).code, 0);
      for (const conn of silent.splice(0)) conn.close();
      await Promise.allSettled(ended);
    } finally {
      for (const conn of silent) conn.close();
    }
  },
);
