import { assertEquals } from "@std/assert";
import { TLV_NOOP } from "../../lib/net/proxy_header.ts";
import { connectTo, receiveBody, send } from "../support/clients.ts";
import { startHttp } from "../support/http_scenario.ts";
import { peerTest } from "../support/peers.ts";
import { summedHeader, tlv } from "../support/proxy_headers.ts";
import { Scenario, type ScenarioOptions } from "../support/scenario.ts";
import { startHaproxyBackend } from "../support/tls_peers.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const LISTENER = { proxy_protocol: true, trusted_proxies: ["127.0.0.1"] };
const AUTHORITY = 2;
const UNIQUE_ID = 5;
const bytesOf = (text: string) => [...new TextEncoder().encode(text)];

const KINDS: readonly (readonly [string, (options: ScenarioOptions) => Promise<Scenario>])[] = [
  ["tcp", (options) => Scenario.start(options)],
  ["http", (options) => startHttp(options)],
];

for (const [protocol, start] of KINDS) {
  peerTest(
    `proxy_protocol: what a trusted proxy said of a client reaches a backend over ${protocol}`,
    ["haproxy"],
    async ({ haproxy }) => {
      const told = "%[src]:%[src_port] %[dst]:%[dst_port] %[fc_pp_authority] %[fc_pp_unique_id]";
      await using backend = await startHaproxyBackend(haproxy, told);
      await using scenario = await start({
        backends: [backend.address],
        listener: LISTENER,
        upstream: { proxy_protocol: "v2", health_check: { type: "none" } },
      });
      using conn = await connectTo(scenario.address);
      const header = summedHeader({
        parts: [
          ...tlv(AUTHORITY, bytesOf("app.test")),
          ...tlv(TLV_NOOP, [0, 0]),
          ...tlv(UNIQUE_ID, bytesOf("id-7")),
        ],
      });

      await send(conn, header);
      await send(conn, GET);

      // Had the checksum been handed on too, HAProxy would have refused the header.
      const expected = "192.0.2.1:56324 198.51.100.7:443 app.test id-7";
      assertEquals(await receiveBody(conn), expected);
      assertEquals((await scenario.listenerStatus()).proxyRefused, 0);
    },
  );
}
