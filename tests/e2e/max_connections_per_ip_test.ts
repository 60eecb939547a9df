import { assertEquals } from "@std/assert";
import { connectTo, exchange, receiveAll } from "../support/clients.ts";
import { freeAddress } from "../support/free_port.ts";
import { Scenario } from "../support/scenario.ts";
import { echo } from "../support/servers.ts";
import { eventually } from "../support/wait.ts";

const MAX = 6;

Deno.test("max_connections_per_ip: exact over all threads, for one client and not for others", async () => {
  await using server = echo();
  const [, port] = freeAddress().split(":");
  await using scenario = await Scenario.start({
    // Of both families.
    address: `[::]:${port}`,
    backends: [server.address],
    listener: { limits: { max_connections_per_ip: MAX } },
  });
  using stack = new DisposableStack();
  const one = `127.0.0.1:${port}`;

  const open: Deno.Conn[] = [];
  for (let i = 0; i < MAX; i++) open.push(stack.use(await connectTo(one)));
  for (const conn of open) await exchange(conn, "hello");
  for (let i = 0; i < 4; i++) {
    const over = stack.use(await connectTo(one));
    assertEquals(await receiveAll(over).catch(() => ""), "");
  }

  const { accepted, rejected, rejectedPerIp, active } = await scenario.listenerStatus();
  assertEquals({ accepted, rejected, rejectedPerIp, active }, {
    accepted: MAX,
    rejected: 0,
    rejectedPerIp: 4,
    active: MAX,
  });
  await scenario.waitForLog(/client is at max_connections_per_ip .*client="?127\.0\.0\.1/);
  // Another client has slots of its own.
  await exchange(stack.use(await connectTo(`[::1]:${port}`)), "hello");
  // A slot given back is there again.
  open.pop()?.close();
  await eventually("a free slot", async () => {
    using conn = await connectTo(one);
    await exchange(conn, "again");
  });
});
