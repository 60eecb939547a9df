import { assertEquals } from "@std/assert";
import { startHttp } from "../support/http_scenario.ts";
import type { Scenario, Settings } from "../support/scenario.ts";
import { TestServer } from "../support/servers.ts";
import { eventually } from "../support/wait.ts";
import { WsPeer, WsServer } from "../support/websockets.ts";

const RELOADS = 100;

Deno.test("reload: a WebSocket lives through a hundred that do not concern its backend", async () => {
  await using server = await WsServer.start(echo);
  await using scenario = await startHttp({ backends: [server.address], workers: 2 });
  using client = await WsPeer.connect(scenario.address, "chat");
  const config = await scenario.config();

  for (let round = 0; round < RELOADS; round++) {
    const algorithm = round % 2 ? "round_robin" : "p2c";
    const { problems } = await scenario.reload(upstreamOf(config, { algorithm }));
    assertEquals(problems, undefined);
    assertEquals(await client.ping(`round ${round}`), `round ${round}`);
  }

  assertEquals((await scenario.status()).workerRestarts, 0);
  assertEquals((await scenario.backendStatus())[0]!.inFlight, 1);
});

Deno.test("reload: a WebSocket lives on in threads that others have taken over from", async () => {
  await using server = await WsServer.start(echo);
  await using other = new TestServer(async (_, disposed) => await disposed);
  await using scenario = await startHttp({ backends: [server.address], workers: 2 });
  using client = await WsPeer.connect(scenario.address, "chat");
  const config = await scenario.config();

  const both = [{ address: server.address }, { address: other.address }];
  assertEquals((await scenario.reload(upstreamOf(config, { backends: both }))).problems, undefined);
  for (const workers of [1, 3, 2]) {
    const next = { ...upstreamOf(config, { backends: both }), workers };
    assertEquals((await scenario.reload(next)).problems, undefined);
    assertEquals((await scenario.status()).workers, workers);
    assertEquals(await client.ping("still there"), "still there");
  }

  client.socket.close(4001, "enough");
  assertEquals(await client.end(), { code: 4001, reason: "enough" });
  await nothingInFlight(scenario);
});

Deno.test("reload: a WebSocket to a backend that is removed has shutdown_timeout to end", async () => {
  await using server = await WsServer.start(echo);
  await using other = await WsServer.start(echo);
  await using scenario = await startHttp({
    backends: [server.address],
    workers: 2,
    top: { shutdown_timeout: "500ms" },
  });
  using client = await WsPeer.connect(scenario.address, "chat");
  const config = await scenario.config();

  const next = upstreamOf(config, { backends: [{ address: other.address }] });
  assertEquals((await scenario.reload(next)).problems, undefined);
  assertEquals(await client.ping("still there"), "still there");

  assertEquals((await client.end()).code, 1006);
  await nothingInFlight(scenario);
});

function echo(peer: WsPeer): void {
  peer.socket.on("message", (data, isBinary) => peer.socket.send(data, { binary: isBinary }));
}

function upstreamOf(config: Settings, changes: Settings): Settings {
  const { app } = config["upstreams"] as { app: Settings };
  return { ...config, upstreams: { app: { ...app, ...changes } } };
}

async function nothingInFlight(scenario: Scenario): Promise<void> {
  await eventually("nothing to be in flight", async () => {
    const { active } = await scenario.listenerStatus();
    assertEquals(active, 0);
    for (const { inFlight } of await scenario.backendStatus()) assertEquals(inFlight, 0);
  });
}
