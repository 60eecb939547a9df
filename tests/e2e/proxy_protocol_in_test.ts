import { assertEquals, assertGreater } from "@std/assert";
import { connectTo, exchange, receiveAll, send } from "../support/clients.ts";
import { HttpBackend } from "../support/http_backend.ts";
import { askOnce } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { answerOf, headOf, type Message, valueOf } from "../support/http_wire.ts";
import { startHaproxy } from "../support/peer_processes.ts";
import { peerTest } from "../support/peers.ts";
import { runToEnd } from "../support/process.ts";
import { PROXY_PEERS } from "../support/proxy_peers.ts";
import { Scenario } from "../support/scenario.ts";
import { echo } from "../support/servers.ts";
import { eventually } from "../support/wait.ts";

/** Proxies connect from 127.0.0.1, clients of the test from addresses beside it. */
const LISTENER = { proxy_protocol: true, trusted_proxies: ["127.0.0.1"] };
const DEBUG = { log: { level: "debug" } };
const forwardedFor = (request: Message) => valueOf(request, "X-Forwarded-For");

for (const { what, needs, start } of PROXY_PEERS) {
  peerTest(
    `an http listener behind ${what} sees the client, and distrusts it`,
    [...needs, "curl"],
    async (paths) => {
      await using backend = new HttpBackend(() => answerOf(200, "thanks"));
      await using scenario = await startHttp({ backends: [backend.address], listener: LISTENER });
      await using front = await start(paths, scenario.address);
      const argv = [paths.curl, "--silent", "--interface", "127.0.0.5", `http://${front.address}/`];

      const { stdout } = await runToEnd({
        name: "curl",
        argv: [...argv, "--header", "X-Forwarded-For: 203.0.113.9"],
      });

      assertEquals(stdout, "thanks");
      assertEquals(forwardedFor(backend.request), "127.0.0.5");
    },
  );

  peerTest(
    `a tcp listener behind ${what} goes by the client`,
    [...needs, "curl"],
    async (paths) => {
      await using backend = new HttpBackend(() => answerOf(200, "thanks"));
      await using scenario = await Scenario.start({
        backends: [backend.address],
        top: DEBUG,
        listener: { ...LISTENER, deny: ["127.0.0.6"] },
      });
      await using front = await start(paths, scenario.address);
      const url = `http://${front.address}/`;
      const askFrom = async (client: string) => {
        const argv = [paths.curl, "--silent", "--interface", client, url];
        return (await runToEnd({ name: "curl", argv })).stdout;
      };

      const answers = [await askFrom("127.0.0.5"), await askFrom("127.0.0.6")];

      assertEquals(answers, ["thanks", ""]);
      await scenario.waitForLog(/Connection ended.*127\.0\.0\.5:/);
      await scenario.waitForLog(/Connection refused: client is not allowed.*127\.0\.0\.6/);
      assertEquals((await scenario.listenerStatus()).denied, 1);
    },
  );
}

peerTest("checks of HAProxy are served as its own", ["haproxy"], async ({ haproxy }) => {
  await using backend = new HttpBackend(() => answerOf(200, "thanks"));
  await using scenario = await startHttp({ backends: [backend.address], listener: LISTENER });
  const server = `${scenario.address} send-proxy-v2 check inter 50`;

  await using _front = await startHaproxy(haproxy, [server]);

  await eventually("three checks", async () => {
    assertGreater((await scenario.listenerStatus()).accepted, 2);
  });
  assertEquals((await scenario.listenerStatus()).proxyRefused, 0);
});

Deno.test("proxy_protocol: a peer that is not trusted is closed, and the log says why", async () => {
  await using backend = new HttpBackend(() => answerOf(200));
  const listener = { ...LISTENER, trusted_proxies: ["192.0.2.0/24"] };
  await using scenario = await startHttp({ backends: [backend.address], listener });

  // Closed with bytes unread, which the kernel answers with a reset.
  const answer = await askOnce(
    scenario.address,
    "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + headOf("GET / HTTP/1.1", "Host: a"),
  ).catch(() => undefined);

  assertEquals([answer, backend.accepted], [undefined, 0]);
  await scenario.waitForLog(/peer is not in trusted_proxies.*127\.0\.0\.1:\d+/);
  assertEquals((await scenario.listenerStatus()).proxyRefused, 1);
});

Deno.test("proxy_protocol: a header that never ends is closed in time", async () => {
  await using backend = echo();
  await using scenario = await Scenario.start({
    backends: [backend.address],
    listener: { ...LISTENER, timeouts: { header: "300ms" } },
  });
  using conn = await connectTo(scenario.address);

  await send(conn, "PROXY TCP4 192.0.2.1 ");

  assertEquals(await receiveAll(conn), "");
  await scenario.waitForLog(/no valid PROXY header.*not there in time/);
});

Deno.test("proxy_protocol: a header byte by byte, and bytes behind it, arrive", async () => {
  await using backend = echo();
  await using scenario = await Scenario.start({
    backends: [backend.address],
    top: DEBUG,
    listener: LISTENER,
  });
  {
    using conn = await connectTo(scenario.address);
    for (const byte of "PROXY TCP6 2001:db8::1 ::1 5000 443\r\n") await send(conn, byte);
    await exchange(conn, "hello");
  }

  await scenario.waitForLog(/Connection ended.*\[2001:db8::1\]:5000/);
});
