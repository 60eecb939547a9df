import { assertEquals } from "@std/assert";
import { ask, connectTo, exchange, listenTo, receiveAll, tally } from "../support/clients.ts";
import { startHaproxy } from "../support/peer_processes.ts";
import { peerTest } from "../support/peers.ts";
import { Scenario } from "../support/scenario.ts";
import { answerAtEnd, echo, nameServer } from "../support/servers.ts";

peerTest("HAProxy in front of Weir", ["haproxy"], async ({ haproxy }) => {
  await using a = nameServer("a");
  await using b = nameServer("b");
  await using scenario = await Scenario.start({ backends: [a.address, b.address] });
  await using front = await startHaproxy(haproxy, [scenario.address]);
  const before = (await scenario.listenerStatus()).accepted;
  const names: string[] = [];

  for (let i = 0; i < 40; i++) names.push(await listenTo(front.address));

  assertEquals(tally(names), { a: 20, b: 20 });
  assertEquals((await scenario.listenerStatus()).accepted - before, 40);
});

peerTest("HAProxy in front of Weir, half-close and a large answer", ["haproxy"], async (paths) => {
  const answer = "x".repeat(2_000_000);
  await using server = answerAtEnd((question) => question + answer);
  await using scenario = await Scenario.start({ backends: [server.address] });
  await using front = await startHaproxy(paths.haproxy, [scenario.address]);

  const received = await ask(front.address, "hello");

  assertEquals(received.length, "hello".length + answer.length);
  assertEquals(received.slice(0, 8), "helloxxx");
});

peerTest("HAProxy behind Weir", ["haproxy"], async ({ haproxy }) => {
  await using server = echo();
  await using one = await startHaproxy(haproxy, [server.address]);
  await using two = await startHaproxy(haproxy, [server.address]);
  await using scenario = await Scenario.start({ backends: [one.address, two.address] });

  for (let i = 0; i < 20; i++) {
    using conn = await connectTo(scenario.address);
    await exchange(conn, `message ${i}`);
    await exchange(conn, "and another");
    await conn.closeWrite();
    assertEquals(await receiveAll(conn), "");
  }

  const connections = (await scenario.backendStatus()).map((backend) => backend.connections);
  assertEquals(connections, [10, 10]);
});
