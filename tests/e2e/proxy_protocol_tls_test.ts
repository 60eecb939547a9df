import { assertEquals, assertStringIncludes } from "@std/assert";
import { connectTo, receiveAll, send } from "../support/clients.ts";
import { HttpBackend } from "../support/http_backend.ts";
import { answerOf } from "../support/http_wire.ts";
import { startHaproxy } from "../support/peer_processes.ts";
import { peerTest } from "../support/peers.ts";
import { startHaproxyBackend } from "../support/tls_peers.ts";
import { TlsSite } from "../support/tls_site.ts";
import { eventually } from "../support/wait.ts";

/** Proxies connect from 127.0.0.1, clients of the test from addresses beside it. */
const LISTENER = { proxy_protocol: true, trusted_proxies: ["127.0.0.1"] };

/** Asks by way of a proxy, from an address; answers with the status, `000` for none, and the body. */
async function askFrom(client: string, site: TlsSite, front: { address: string }) {
  const path = ["--interface", client, "--connect-to", `::${front.address}`];
  return (await site.curl("a.test", [...path, "--write-out", " %{http_code}"])).stdout;
}

for (const names of [[["a.test"]], [["a.test"], ["b.test"]]]) {
  peerTest(
    `TLS behind HAProxy, certificates: ${names.length}: the backend learns who the client is`,
    ["haproxy", "curl", "openssl"],
    async ({ haproxy }) => {
      const told = "%[src] %[dst]:%[dst_port] %[hdr(x-forwarded-for)] %[hdr(x-forwarded-proto)]";
      await using backend = await startHaproxyBackend(haproxy, told);
      await using site = await TlsSite.start({
        protocol: "http",
        names,
        backends: [backend.address],
        listener: LISTENER,
        upstream: { proxy_protocol: "v2" },
      });
      await using front = await startHaproxy(haproxy, [`${site.scenario.address} send-proxy-v2`]);

      const answer = await askFrom("127.0.0.5", site, front);

      assertEquals(answer, `127.0.0.5 ${front.address} 127.0.0.5 https 200`);
    },
  );
}

peerTest(
  "bytes of a TCP listener behind HAProxy and TLS carry the client on",
  ["haproxy", "curl", "openssl"],
  async ({ haproxy }) => {
    await using backend = await startHaproxyBackend(haproxy);
    await using site = await TlsSite.start({
      protocol: "tcp",
      names: [["a.test"]],
      backends: [backend.address],
      listener: LISTENER,
      upstream: { proxy_protocol: "v2", health_check: { type: "none" } },
    });
    await using front = await startHaproxy(haproxy, [`${site.scenario.address} send-proxy-v2`]);

    const answer = await askFrom("127.0.0.5", site, front);

    const [, port = ""] = /^127\.0\.0\.5:(\d+) /.exec(answer) ?? [];
    assertEquals(answer, `127.0.0.5:${port} ${front.address} 200`);
  },
);

peerTest(
  "lists and limits behind TLS go by the client of the PROXY header",
  ["haproxy", "curl", "openssl"],
  async ({ haproxy }) => {
    await using backend = new HttpBackend(() => answerOf(200, "ok"));
    await using site = await TlsSite.start({
      protocol: "http",
      names: [["a.test"]],
      backends: [backend.address],
      listener: {
        ...LISTENER,
        deny: ["127.0.0.6"],
        limits: { max_connections_per_ip: 1 },
        rate_limit: { requests: 1, per: "1h" },
      },
    });
    const { scenario } = site;
    await using front = await startHaproxy(haproxy, [`${scenario.address} send-proxy-v2`]);
    using held = await connectTo(scenario.address);
    await send(held, "PROXY TCP4 127.0.0.8 127.0.0.1 5000 443\r\n");
    const answers = [];
    for (const client of ["127.0.0.5", "127.0.0.5", "127.0.0.6", "127.0.0.8", "127.0.0.7"]) {
      await eventually("only the connection that is held to be open", async () => {
        assertEquals((await scenario.listenerStatus()).active, 1);
      });
      answers.push((await askFrom(client, site, front)).slice(-3));
    }

    assertEquals(answers, ["200", "429", "000", "000", "200"]);
    const { denied, rejectedPerIp, rateLimited } = await scenario.listenerStatus();
    assertEquals([denied, rejectedPerIp, rateLimited], [1, 1, 1]);
  },
);

peerTest("a PROXY header without TLS behind it is a failed handshake", ["openssl"], async () => {
  await using site = await TlsSite.start({
    protocol: "http",
    names: [["a.test"]],
    backends: ["127.0.0.1:1"],
    listener: LISTENER,
    tls: { handshake_timeout: "300ms" },
    top: { log: { level: "debug" } },
  });
  const { scenario } = site;
  using silent = await connectTo(scenario.address);
  using plain = await connectTo(scenario.address);

  await send(silent, "PROXY TCP4 192.0.2.7 198.51.100.1 5000 443\r\n");
  await send(plain, "PROXY TCP4 192.0.2.8 198.51.100.1 5000 443\r\nGET / HTTP/1.1\r\n\r\n");

  assertEquals(await receiveAll(silent), "");
  await receiveAll(plain);
  const [line] = await scenario.waitForLog(/.*TLS handshake failed.*192\.0\.2\.7:5000.*/);
  assertStringIncludes(line, "timeout");
  await eventually("both to be counted", async () => {
    const { tls, proxyRefused } = await scenario.listenerStatus();
    assertEquals([tls?.failures.timeout, tls?.failures.not_tls, proxyRefused], [1, 1, 0]);
  });
});
