import { assertEquals } from "@std/assert";
import { PrefacedConn } from "../../lib/net/prefaced_conn.ts";
import type { ProxyHeader } from "../../lib/net/proxy_header.ts";
import { memoryPair } from "../support/memory_conn.ts";

const PEER = { kind: "tcp", hostname: "10.0.0.1", port: 1000 } as const;
const OWN = { kind: "tcp", hostname: "10.0.0.2", port: 80 } as const;
const CLIENT = { kind: "tcp", hostname: "192.0.2.1", port: 2000 } as const;
const SERVER = { kind: "tcp", hostname: "198.51.100.1", port: 443 } as const;
const HEADER: ProxyHeader = {
  version: 1,
  command: "proxy",
  source: CLIENT,
  destination: SERVER,
};

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

Deno.test("PrefacedConn has the ends that the header tells, or else its own", () => {
  const [, inner] = memoryPair({ remote: PEER, local: OWN });
  const endsOf = ({ remote, local }: PrefacedConn) => [remote, local];

  assertEquals(endsOf(new PrefacedConn(inner, { proxied: HEADER })), [CLIENT, SERVER]);
  assertEquals(endsOf(new PrefacedConn(inner, {})), [PEER, OWN]);
  const local: ProxyHeader = { version: 2, command: "local" };
  assertEquals(endsOf(new PrefacedConn(inner, { proxied: local })), [PEER, OWN]);
});

Deno.test("PrefacedConn.proxied is the header of a first preface behind a second one", () => {
  const [, inner] = memoryPair({ remote: PEER });
  const conn = new PrefacedConn(new PrefacedConn(inner, { proxied: HEADER }), {
    rest: Uint8Array.of(1),
  });

  assertEquals([conn.proxied, conn.remote, conn.local], [HEADER, CLIENT, SERVER]);
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
