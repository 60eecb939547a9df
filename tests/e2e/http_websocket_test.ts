import { assertEquals } from "@std/assert";
import { startHttp } from "../support/http_scenario.ts";
import type { Scenario } from "../support/scenario.ts";
import { eventually } from "../support/wait.ts";
import { WsPeer, WsServer } from "../support/websockets.ts";

const MIB = 1024 * 1024;

Deno.test("WebSocket: text and binary messages, pings and the close code pass as they are", async () => {
  await using server = await WsServer.start(echo);
  await using scenario = await startHttp({ backends: [server.address] });
  using client = await WsPeer.connect(scenario.address, "chat");
  const text = "Grüße, \u{1f600}\r\nGET / HTTP/1.1\r\n\r\n";
  const bytes = Uint8Array.from({ length: 300 }, (_, index) => index % 256);

  client.socket.send(text);
  client.socket.send(bytes);
  client.socket.send("");
  const messages = [await client.receive(), await client.receive(), await client.receive()];
  const pongs = [await client.ping("from the client"), await server.peer.ping("from the server")];
  client.socket.close(4001, "enough");
  const ends = [await client.end(), await server.peer.end()];

  assertEquals(messages, [
    { data: new TextEncoder().encode(text), isBinary: false },
    { data: bytes, isBinary: true },
    { data: new Uint8Array(), isBinary: false },
  ]);
  assertEquals(client.socket.protocol, "chat");
  assertEquals(pongs, ["from the client", "from the server"]);
  assertEquals(ends, [{ code: 4001, reason: "enough" }, { code: 4001, reason: "enough" }]);
  await nothingLeft(scenario);
});

Deno.test("WebSocket: the server's close code reaches the client", async () => {
  await using server = await WsServer.start((peer) => peer.socket.close(1013, "later"));
  await using scenario = await startHttp({ backends: [server.address] });
  using client = await WsPeer.connect(scenario.address, "chat");

  assertEquals(await client.end(), { code: 1013, reason: "later" });
  await nothingLeft(scenario);
});

Deno.test("WebSocket: messages of 1 MiB go both ways at the same time", async () => {
  const fromServer = randomBytes();
  const fromClient = randomBytes();
  await using server = await WsServer.start((peer) => peer.socket.send(fromServer));
  await using scenario = await startHttp({ backends: [server.address] });
  using client = await WsPeer.connect(scenario.address, "chat");

  client.socket.send(fromClient);
  const atClient = await client.receive();
  const atServer = await server.peer.receive();

  assertEquals(await digest(atClient.data), await digest(fromServer));
  assertEquals(await digest(atServer.data), await digest(fromClient));
});

Deno.test("WebSocket: when the backend dies, the client sees an abnormal end", async () => {
  await using server = await WsServer.start(echo);
  await using scenario = await startHttp({ backends: [server.address] });
  using client = await WsPeer.connect(scenario.address, "chat");
  client.socket.send("hello");
  await client.receive();

  server.peer[Symbol.dispose]();

  assertEquals(await client.end(), { code: 1006, reason: "" });
  await nothingLeft(scenario);
});

Deno.test("WebSocket: when the client dies, the backend sees an abnormal end", async () => {
  await using server = await WsServer.start(echo);
  await using scenario = await startHttp({ backends: [server.address] });
  using client = await WsPeer.connect(scenario.address, "chat");
  client.socket.send("hello");
  await client.receive();

  client[Symbol.dispose]();

  assertEquals(await server.peer.end(), { code: 1006, reason: "" });
  await client.end();
  await nothingLeft(scenario);
});

function echo({ socket }: WsPeer): void {
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
}

async function nothingLeft(scenario: Scenario): Promise<void> {
  await eventually("the counts", async () => {
    assertEquals((await scenario.listenerStatus()).active, 0);
    assertEquals((await scenario.backendStatus()).map(({ inFlight }) => inFlight), [0]);
  });
}

/** Bytes that compress to nothing smaller; the pieces are the most that may be asked for at once. */
function randomBytes(): Uint8Array {
  const bytes = new Uint8Array(MIB);
  for (let at = 0; at < MIB; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

async function digest(bytes: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", Uint8Array.from(bytes));
  return new Uint8Array(hash).toHex();
}
