import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { connectTo, exchange, receive, receiveAll, send } from "../support/clients.ts";
import { Scenario } from "../support/scenario.ts";
import { echo } from "../support/servers.ts";
import { eventually } from "../support/wait.ts";

Deno.test("queue: a TCP connection waits for a backend that is full, or is closed after its time", async () => {
  await using server = echo();
  await using scenario = await Scenario.start({
    backends: [{ address: server.address, max_connections: 2 }],
    upstream: { health_check: { type: "none" }, queue: { size: 8, timeout: "700ms" } },
  });
  using stack = new DisposableStack();
  const connect = async () => stack.use(await connectTo(scenario.address));
  const open = [await connect(), await connect()];
  for (const conn of open) await exchange(conn, "hello");

  const startMs = performance.now();
  const late = await connect();
  assertEquals(await receiveAll(late), "");
  assertGreaterOrEqual(performance.now() - startMs, 700);
  const [first] = open;
  const next = await connect();
  await send(next, "in time");
  await eventually("the queue", async () => {
    const { upstreams: [upstream] } = await scenario.status();
    assertEquals(upstream?.queue.length, 1);
  });
  first?.close();
  assertEquals(await receive(next, "in time"), "in time");

  const { queueTimeouts, noBackend } = await scenario.listenerStatus();
  assertEquals([queueTimeouts, noBackend, server.accepted], [1, 0, 3]);
  await scenario.waitForLog(/Connection closed: every backend has as much work .*queue_timeout/);
});

Deno.test("queue: who waits when the time to shut down is over is cut with the others", async () => {
  await using server = echo();
  await using scenario = await Scenario.start({
    // With two threads, the slot of the one that is cut first may go to who waits in the other.
    top: { workers: 1, shutdown_timeout: "300ms" },
    backends: [{ address: server.address, max_connections: 1 }],
    upstream: { health_check: { type: "none" }, queue: { timeout: "1m" } },
  });
  using first = await connectTo(scenario.address);
  await exchange(first, "hello");
  using waiter = await connectTo(scenario.address);
  await eventually("the queue", async () => {
    const { upstreams: [upstream] } = await scenario.status();
    assertEquals(upstream?.queue.length, 1);
  });

  const { code } = await scenario.stop();

  assertEquals(code, 0);
  assertEquals(await receiveAll(waiter).catch(() => ""), "");
  assertEquals(server.accepted, 1);
});
