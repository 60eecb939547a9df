import { assertEquals, assertStrictEquals } from "@std/assert";
import type { Conn } from "../../lib/net/transport.ts";
import { Opening } from "../../lib/proxy/opening.ts";
import type { ThreadParts } from "../../lib/proxy/tcp_route.ts";
import { configOf } from "../config/support.ts";

const THREAD = {} as ThreadParts;

async function openingOf(settings: string): Promise<Opening> {
  const text = `listeners: [{ address: ":1", upstream: app }]
upstreams: { app: { backends: [{ address: "127.0.0.1:1" }], ${settings} } }
`;
  return new Opening((await configOf(text)).upstreams[0]!, THREAD);
}

const CLIENT = {
  remote: { kind: "tcp", hostname: "192.0.2.7", port: 1000 },
  local: { kind: "tcp", hostname: "198.51.100.1", port: 443 },
  proxied: {
    version: 2,
    command: "proxy",
    tlvs: [{ type: 2, value: new TextEncoder().encode("app.test") }],
  },
} as Partial<Conn> as Conn;

Deno.test("Opening.forClient() sends on what a trusted proxy said beside the addresses", async () => {
  const opening = await openingOf("proxy_protocol: v2");

  const { options: { preface } } = opening.forClient(CLIENT);

  assertEquals(preface?.slice(28).toHex(), "020008" + new TextEncoder().encode("app.test").toHex());
  assertEquals(opening.namesClients, true);
  assertEquals(opening.forAll.options, {});
});

Deno.test("Opening.forClient() costs nothing where clients are not named", async () => {
  const opening = await openingOf("tls: {}");

  assertStrictEquals(opening.forClient(CLIENT), opening.forAll);
  assertEquals(opening.forAll.options, { tls: {} });
});
