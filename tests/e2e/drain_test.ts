import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { connectTo, exchange, receiveAll, send } from "../support/clients.ts";
import { freeAddress } from "../support/free_port.ts";
import { TempFolder } from "../support/paths.ts";
import { Scenario } from "../support/scenario.ts";
import { echo } from "../support/servers.ts";
import { eventually } from "../support/wait.ts";
import { startWeir } from "../support/weir.ts";

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

Deno.test("SIGTERM: as soon as there is traffic it drains, exit 0", async () => {
  await using folder = await TempFolder.create();
  await using server = echo();
  const address = freeAddress();
  const text = JSON.stringify({
    listeners: [{ address, upstream: "app" }],
    upstreams: { app: { backends: [{ address: server.address }] } },
  });
  await using weir = await startWeir({ args: ["-c", await folder.write("weir.yaml", text)] });
  // Not the line "is ready": the listener is open before it is printed.
  using conn = await eventually("the listener", () => connectTo(address));
  await exchange(conn, "before");

  weir.signal("SIGTERM");
  await weir.printed("stderr", /Draining/);
  await exchange(conn, "after");
  await conn.closeWrite();

  assertEquals(await receiveAll(conn), "");
  const { code, stderr } = await weir.finished();
  assertEquals(code, 0, stderr);
});

for (const [what, bytes] of [["says nothing", ""], ["stops half-way", "GET /readyz HT"]] as const) {
  Deno.test(`SIGTERM: an admin client that ${what} does not hold up the end`, async () => {
    await using server = echo();
    await using scenario = await Scenario.start({ backends: [server.address] });
    using admin = await connectTo(scenario.admin);
    await send(admin, bytes);
    assertEquals(await scenario.readiness(), 200);

    const { code, stderr } = await scenario.stop();

    assertEquals(code, 0, stderr);
  });
}

Deno.test("SIGTERM: an admin client that asks and does not read does not hold up the end", async () => {
  // Answers of some hundred kilobytes, more of them than all buffers on the way can take.
  const backends = Array.from({ length: 2000 }, (_, i) => `127.0.0.1:${1 + i}`);
  const count = 200;
  await using scenario = await Scenario.start({
    backends,
    upstream: { health_check: { type: "none" } },
    top: { workers: 1 },
  });
  using admin = await connectTo(scenario.admin);
  const request = "GET /api/v1/status HTTP/1.1\r\nhost: localhost\r\n\r\n";
  await send(admin, request.repeat(count));
  assertEquals(await scenario.readiness(), 200);

  const { code, stderr } = await scenario.stop("SIGTERM", 10_000);

  assertEquals(code, 0, stderr);
  const answers = (await receiveAll(admin).catch(() => "")).match(/HTTP\/1\.1 200/g) ?? [];
  assertLess(answers.length, count);
});

Deno.test("SIGHUP and SIGUSR2 end nothing", async () => {
  await using server = echo();
  await using scenario = await Scenario.start({ backends: [server.address] });
  using conn = await scenario.connect();
  await exchange(conn, "before");

  scenario.weir.signal("SIGHUP");
  scenario.weir.signal("SIGUSR2");

  await scenario.waitForLog(/Configuration reloaded/);
  await exchange(conn, "after");
  using another = await scenario.connect();
  await exchange(another, "new");
  assertEquals(await scenario.readiness(), 200);
});

async function connectOnce(address: string): Promise<void> {
  using _conn = await connectTo(address);
}
