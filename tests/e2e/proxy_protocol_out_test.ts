import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { TestAuthority } from "../support/certificates.ts";
import { connectTo, receive, send } from "../support/clients.ts";
import { HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { TempFolder } from "../support/paths.ts";
import { peerTest } from "../support/peers.ts";
import { Scenario } from "../support/scenario.ts";
import { startHaproxyBackend, startNginxBackend } from "../support/tls_peers.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const CHECKED = { health_check: { type: "http", expect_status: "200-499" } };

for (const version of ["v1", "v2"]) {
  peerTest(
    `HAProxy learns client and address from PROXY ${version}`,
    ["haproxy"],
    async (peers) => {
      await using backend = await startHaproxyBackend(peers.haproxy);
      await using scenario = await startHttp({
        backends: [backend.address],
        upstream: { proxy_protocol: version, ...CHECKED },
      });
      using conn = await connectTo(scenario.address);

      await send(conn, GET);

      const address = conn.localAddr as Deno.NetAddr;
      const wanted = `${address.hostname}:${address.port} ${scenario.address}`;
      assertMatch(await receive(conn, "x".repeat(100)), new RegExp(`${wanted}$`));
      assertEquals((await scenario.backendStatus())[0]?.up, true);
    },
  );

  peerTest(
    `NGINX learns the client from PROXY ${version}, before TLS`,
    ["nginx"],
    async (peers) => {
      await using folder = await TempFolder.create();
      const authority = await TestAuthority.create(folder.path);
      await using backend = await startNginxBackend(peers.nginx, {
        listen: "ssl proxy_protocol",
        pair: await authority.issue(["app.test"]),
        answer: "$proxy_protocol_addr:$proxy_protocol_port $ssl_protocol",
      });
      await using scenario = await Scenario.start({
        backends: [backend.address],
        upstream: {
          proxy_protocol: version,
          tls: { server_name: "app.test", ca: authority.caFile },
          ...CHECKED,
        },
      });
      using conn = await connectTo(scenario.address);

      await send(conn, GET);

      const { hostname, port } = conn.localAddr as Deno.NetAddr;
      assertMatch(await receive(conn, "x".repeat(140)), new RegExp(`${hostname}:${port} TLSv1.3$`));
      assertEquals((await scenario.backendStatus())[0]?.up, true);
    },
  );
}

peerTest("a connection that names a client is for no other", ["nginx"], async ({ nginx }) => {
  await using backend = await startNginxBackend(nginx, {
    listen: "proxy_protocol",
    answer: "$proxy_protocol_port $connection_requests",
  });
  await using scenario = await startHttp({
    backends: [backend.address],
    upstream: { proxy_protocol: "v2" },
  });
  using one = await HttpClient.connect(scenario.address);
  using two = await HttpClient.connect(scenario.address);
  const answers: string[] = [];

  for (const client of [one, two, one, two]) answers.push((await client.ask(GET)).body);

  const [first = "", second = ""] = answers.map((answer) => answer.split(" ")[0]);
  assertNotEquals(first, second);
  assertEquals(answers, [`${first} 1`, `${second} 1`, `${first} 2`, `${second} 2`]);
  const [status] = await scenario.backendStatus();
  assertEquals([status?.connections, status?.idle], [2, 2]);
});
