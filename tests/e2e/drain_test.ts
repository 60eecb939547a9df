import { assertEquals, assertRejects } from "@std/assert";
import { connectTo, exchange, receiveAll } from "../support/clients.ts";
import { Scenario } from "../support/scenario.ts";
import { echo } from "../support/servers.ts";
import { eventually } from "../support/wait.ts";

Deno.test("SIGTERM: not ready, then closed to new connections, open ones finish, exit 0", async () => {
  await using server = echo();
  await using scenario = await Scenario.start({
    backends: [server.address],
    top: { shutdown_delay: "1s", shutdown_timeout: "1m" },
  });
  using conn = await scenario.connect();
  await exchange(conn, "before");
  assertEquals(await scenario.readiness(), 200);

  scenario.weir.signal("SIGTERM");

  await eventually("the readiness check to fail", async () => {
    assertEquals(await scenario.readiness(), 503);
  });
  // Who has not noticed yet that it is not ready is still served.
  using late = await scenario.connect();
  await exchange(late, "in the delay");
  await eventually("the listener to close", async () => {
    await assertRejects(() => connectOnce(scenario.address), Deno.errors.ConnectionRefused);
  });
  await exchange(conn, "after");
  assertEquals(await scenario.readiness(), 503);
  for (const open of [late, conn]) {
    await open.closeWrite();
    assertEquals(await receiveAll(open), "");
  }
  const { code, stderr } = await scenario.weir.finished();
  assertEquals(code, 0, stderr);
});

Deno.test("SIGTERM: a connection that does not finish is cut at shutdown_timeout, exit 0", async () => {
  await using server = echo();
  await using scenario = await Scenario.start({
    backends: [server.address],
    top: { shutdown_timeout: "300ms" },
  });
  using conn = await scenario.connect();
  await exchange(conn, "hello");

  const { code, stderr } = await scenario.stop();

  assertEquals(code, 0, stderr);
  assertEquals(await receiveAll(conn), "");
  assertEquals(/warning Shutdown timeout: connections are cut open=1/.test(stderr), true, stderr);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`a second ${signal} stops at once`, async () => {
    await using server = echo();
    await using scenario = await Scenario.start({
      backends: [server.address],
      top: { shutdown_timeout: "1h" },
    });
    using conn = await scenario.connect();
    await exchange(conn, "hello");

    scenario.weir.signal(signal);
    await scenario.waitForLog(/Draining/);
    await exchange(conn, "still here");
    // Within half a second it would count as the same Ctrl-C.
    const { code, stderr } = await eventually("the end", () => scenario.stop(signal, 100));

    assertEquals(code, 0, stderr);
    assertEquals(await receiveAll(conn), "");
  });
}

Deno.test("a signal that comes twice at once, as of one Ctrl-C, still drains", async () => {
  await using server = echo();
  await using scenario = await Scenario.start({ backends: [server.address] });
  using conn = await scenario.connect();
  await exchange(conn, "hello");

  scenario.weir.signal("SIGINT");
  scenario.weir.signal("SIGINT");
  await scenario.waitForLog(/Draining/);
  await exchange(conn, "still here");
  await conn.closeWrite();

  assertEquals(await receiveAll(conn), "");
  const { code, stderr } = await scenario.weir.finished();
  assertEquals(code, 0, stderr);
});

Deno.test("SIGHUP and SIGUSR2 end nothing", async () => {
  await using server = echo();
  await using scenario = await Scenario.start({ backends: [server.address] });
  using conn = await scenario.connect();
  await exchange(conn, "before");

  scenario.weir.signal("SIGHUP");
  scenario.weir.signal("SIGUSR2");

  await scenario.waitForLog(/SIGHUP/);
  await exchange(conn, "after");
  using another = await scenario.connect();
  await exchange(another, "new");
  assertEquals(await scenario.readiness(), 200);
});

async function connectOnce(address: string): Promise<void> {
  using _conn = await connectTo(address);
}
