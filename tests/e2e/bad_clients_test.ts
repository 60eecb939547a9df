import { assertEquals, assertLess } from "@std/assert";
import {
  connectAndReset,
  exchange,
  inParallel,
  receive,
  receiveAll,
  send,
} from "../support/clients.ts";
import { Scenario } from "../support/scenario.ts";
import { answerAtEnd, echo, nameKeeper, TestServer, writeAll } from "../support/servers.ts";
import { eventually } from "../support/wait.ts";

const UNCHECKED = { health_check: { type: "none" } };
/** What is tested is that the end comes long before this. */
const PATIENT = { timeouts: { idle: "1h", tunnel: "1h" } };

Deno.test("a client that connects and says nothing is cut by the idle timeout", async () => {
  await using server = echo();
  await using scenario = await Scenario.start({
    backends: [server.address],
    upstream: UNCHECKED,
    listener: { timeouts: { idle: "300ms", tunnel: "1h" } },
  });

  using mute = await scenario.connect();
  using talker = await scenario.connect();
  await exchange(talker, "hello");
  const received = await receiveAll(mute);

  assertEquals(received, "");
  // Bytes have gone both ways there, so the other timeout holds.
  await exchange(talker, "still here");
  await untilOpen(server, scenario, 1);
});

Deno.test("a client that connects and ends at once leaves nothing behind", async () => {
  await using server = echo();
  await using scenario = await Scenario.start({
    backends: [server.address],
    upstream: UNCHECKED,
    listener: PATIENT,
  });

  await inParallel(50, 10, async () => {
    using conn = await scenario.connect();
    await conn.closeWrite();
    assertEquals(await receiveAll(conn), "");
  });
  await inParallel(50, 10, async () => {
    using _conn = await scenario.connect();
  });

  await untilOpen(server, scenario, 0);
});

Deno.test("a client that vanishes with unread bytes takes its backend connection along", async () => {
  await using server = nameKeeper("some bytes that are never read");
  await using scenario = await Scenario.start({
    backends: [server.address],
    upstream: UNCHECKED,
    listener: PATIENT,
  });

  const conns = await Promise.all(Array.from({ length: 20 }, () => scenario.connect()));
  await eventually("twenty open connections", () => assertEquals(server.open, 20));
  // Bytes wait in the sockets, so each close becomes a reset.
  for (const conn of conns) await receive(conn, "s".repeat(4));
  for (const conn of conns) await send(conn, "x");
  for (const conn of conns) conn.close();

  await untilOpen(server, scenario, 0);
});

Deno.test("a client that vanishes in the middle of a download ends it", async () => {
  const block = new Uint8Array(64 * 1024);
  await using server = new TestServer(async (conn) => {
    for (;;) await writeAll(conn, block);
  });
  await using scenario = await Scenario.start({
    backends: [server.address],
    upstream: UNCHECKED,
    listener: PATIENT,
  });

  const conns = await Promise.all(Array.from({ length: 5 }, () => scenario.connect()));
  for (const conn of conns) {
    await conn.read(new Uint8Array(1024));
    conn.close();
  }

  await untilOpen(server, scenario, 0);
});

Deno.test("a client that vanishes while it waits for an answer leaves nothing behind", async () => {
  await using server = answerAtEnd(() => "x".repeat(1_000_000));
  await using scenario = await Scenario.start({
    backends: [server.address],
    upstream: UNCHECKED,
    listener: PATIENT,
  });

  await inParallel(20, 5, async (index) => {
    using conn = await scenario.connect();
    await send(conn, `question ${index}`);
  });

  await untilOpen(server, scenario, 0);
});

Deno.test("clients that reset before they are accepted hold up nobody", async () => {
  await using server = echo();
  await using scenario = await Scenario.start({
    backends: [server.address],
    upstream: UNCHECKED,
    listener: PATIENT,
    top: { workers: 1 },
  });
  // Stopped, so that all resets are in the accept queue before the first accept.
  scenario.weir.signal("SIGSTOP");
  await connectAndReset(scenario.address, 50);
  scenario.weir.signal("SIGCONT");

  const start = performance.now();
  using conn = await scenario.connect();
  await exchange(conn, "hello");
  const tookMs = performance.now() - start;

  // A pause of 100 ms after each would make five seconds.
  assertLess(tookMs, 2000);
  assertEquals(scenario.weir.stderr.lines(/error/), []);
  await untilOpen(server, scenario, 1);
});

/** Waits until so many connections are open, as the server and Weir itself see it. */
async function untilOpen(server: TestServer, scenario: Scenario, count: number): Promise<void> {
  await eventually(`${count} open connections`, async () => {
    const { active } = await scenario.listenerStatus();
    const [backend] = await scenario.backendStatus();
    assertEquals({ active, inFlight: backend?.inFlight, server: server.open }, {
      active: count,
      inFlight: count,
      server: count,
    });
  });
}
