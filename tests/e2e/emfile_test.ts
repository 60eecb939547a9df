import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import type { Status } from "../../lib/runtime/status.ts";
import { connectTo, exchange, receiveBody, send } from "../support/clients.ts";
import { Scenario } from "../support/scenario.ts";
import { echo } from "../support/servers.ts";
import { eventually, within } from "../support/wait.ts";

Deno.test("out of file descriptors: what is open goes on, and accepting resumes", async () => {
  await using server = echo();
  await using scenario = await Scenario.start({
    backends: [server.address],
    upstream: { health_check: { type: "none" } },
    // Sets the hard limit too, or else Deno would raise it again.
    launch: { prefix: ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh"] },
  });
  using stack = new DisposableStack();
  const first: Deno.Conn[] = [];
  for (let i = 0; i < 5; i++) {
    const conn = stack.use(await scenario.connect());
    await exchange(conn, "before");
    first.push(conn);
  }

  // The kernel completes all of these; Weir has not the descriptors to take every one.
  const more: Deno.Conn[] = [];
  for (let i = 0; i < 60; i++) more.push(stack.use(await connectTo(scenario.address)));
  await scenario.waitForLog(/error Cannot accept connections listener=main .*(EMFILE|open files)/);
  for (const conn of first) await exchange(conn, "in the middle of it");

  for (const conn of more) conn.close();
  await eventually("accepting to resume", async () => {
    using conn = await scenario.connect();
    await within("an answer", exchange(conn, "after"), 1000);
  });
  for (const conn of first) await exchange(conn, "after");
  await eventually("the others to be closed", async () => {
    assertEquals((await scenario.listenerStatus()).active, first.length);
  });
});

Deno.test("out of file descriptors: the admin listener survives it", async () => {
  await using server = echo();
  await using scenario = await Scenario.start({
    backends: [server.address],
    upstream: { health_check: { type: "none" } },
    launch: { prefix: ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh"] },
  });
  using stack = new DisposableStack();
  for (let i = 0; i < 80; i++) stack.use(await connectTo(scenario.address));
  await scenario.waitForLog(/Cannot accept connections/);
  // Each takes a descriptor, or finds none left; either may be, so a refusal is no failure.
  for (let i = 0; i < 10; i++) {
    const conn = await connectTo(scenario.admin).catch(() => undefined);
    if (conn !== undefined) stack.use(conn);
  }

  stack.dispose();

  await eventually("the admin listener to answer", async () => {
    assertEquals(await scenario.readiness(), 200);
  }, 5000);
  const { code, stderr } = await scenario.stop();
  assertEquals(code, 0, stderr);
});

Deno.test("out of file descriptors: health checks take no backend down", async () => {
  await using server = echo();
  await using scenario = await Scenario.start({
    backends: [server.address],
    upstream: { health_check: { type: "tcp", interval: "1s", timeout: "900ms", rise: 3, fall: 1 } },
    top: { workers: 1 },
    launch: { prefix: ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh"] },
  });
  using stack = new DisposableStack();
  // Opened before, because it could not be afterwards.
  const admin = stack.use(await connectTo(scenario.admin));
  assertEquals(await upStates(admin), [true]);

  const conns: Deno.Conn[] = [];
  for (let i = 0; i < 80; i++) conns.push(stack.use(await connectTo(scenario.address)));
  // One line a second: each backend has been checked two times and more.
  await eventually("four lines", () => {
    assertGreaterOrEqual(scenario.weir.stderr.lines(/Cannot accept connections/).length, 4);
  });

  assertEquals(await upStates(admin), [true]);
  for (const conn of conns) conn.close();
  await eventually("a new connection", async () => {
    using conn = await scenario.connect();
    await within("an answer", exchange(conn, "after"), 1000);
  }, 5000);
  assertEquals(scenario.weir.stderr.lines(/Backend is down/), []);
});

Deno.test("out of file descriptors: one line a second in the log", async () => {
  await using server = echo();
  await using scenario = await Scenario.start({
    backends: [server.address],
    upstream: { health_check: { type: "none" } },
    top: { workers: 1 },
    launch: { prefix: ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh"] },
  });
  using stack = new DisposableStack();
  for (let i = 0; i < 80; i++) stack.use(await connectTo(scenario.address));
  const stamps = await eventually("three lines", () => {
    const lines = scenario.weir.stderr.lines(/Cannot accept connections/);
    assertGreaterOrEqual(lines.length, 3);
    return lines.map((line) => Date.parse(line.slice(0, line.indexOf(" "))));
  });

  for (let i = 1; i < stamps.length; i++) {
    assertGreaterOrEqual(stamps[i]! - stamps[i - 1]!, 900, "milliseconds between two lines");
  }
});

/** Asks for the status on a connection that is open already: which backends are up. */
async function upStates(admin: Deno.Conn): Promise<boolean[]> {
  await send(admin, "GET /api/v1/status HTTP/1.1\r\nhost: localhost\r\n\r\n");
  const body = await receiveBody(admin);
  const { upstreams } = JSON.parse(body) as Status;
  return upstreams.flatMap(({ backends }) => backends.map(({ up }) => up));
}
