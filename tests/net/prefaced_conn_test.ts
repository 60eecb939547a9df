import { assertEquals } from "@std/assert";
import { PrefacedConn, proxyHeaderOf } from "../../lib/net/prefaced_conn.ts";
import type { ProxyHeader } from "../../lib/net/proxy_header.ts";
import { memoryPair } from "../support/memory_conn.ts";

const PEER = { kind: "tcp", hostname: "10.0.0.1", port: 1000 } as const;
const CLIENT = { kind: "tcp", hostname: "192.0.2.1", port: 2000 } as const;
const HEADER: ProxyHeader = { version: 1, command: "proxy", source: CLIENT };

Deno.test("PrefacedConn.read() gives what was read before, in parts, and then what comes", async () => {
  const [client, inner] = memoryPair();
  const conn = new PrefacedConn(inner, { rest: Uint8Array.of(1, 2, 3) });
  await client.send(Uint8Array.of(4));
  const into = new Uint8Array(2);

  const lengths = [];
  const bytes: number[] = [];
  for (let turn = 0; turn < 3; turn++) {
    const length = await conn.read(into);
    lengths.push(length);
    bytes.push(...into.subarray(0, length ?? 0));
  }

  assertEquals([lengths, bytes], [[2, 1, 1], [1, 2, 3, 4]]);
});

Deno.test("PrefacedConn.remote is the client of the header, or else the peer", () => {
  const [, inner] = memoryPair({ remote: PEER });

  assertEquals(new PrefacedConn(inner, { proxyHeader: HEADER }).remote, CLIENT);
  assertEquals(new PrefacedConn(inner, {}).remote, PEER);
  const local: ProxyHeader = { version: 2, command: "local" };
  assertEquals(new PrefacedConn(inner, { proxyHeader: local }).remote, PEER);
});

Deno.test("proxyHeaderOf() finds the header behind a second preface", () => {
  const [, inner] = memoryPair({ remote: PEER });
  const conn = new PrefacedConn(new PrefacedConn(inner, { proxyHeader: HEADER }), {
    rest: Uint8Array.of(1),
  });

  assertEquals([proxyHeaderOf(conn), conn.remote], [HEADER, CLIENT]);
  assertEquals(proxyHeaderOf(inner), undefined);
});

Deno.test("PrefacedConn hands on what is written, the half-close and the end", async () => {
  const [client, inner] = memoryPair();
  const conn = new PrefacedConn(inner, {});

  await conn.write(Uint8Array.of(7));
  await conn.closeWrite();
  assertEquals(await client.receive(), Uint8Array.of(7));
  conn.close();

  assertEquals(inner.closes, 1);
});
