import { assertEquals } from "@std/assert";
import { exchange, inParallel } from "../support/clients.ts";
import { Scenario } from "../support/scenario.ts";
import { echo } from "../support/servers.ts";

const COUNT = 2000;

Deno.test("2,000 connections are open at once and none is lost", async () => {
  await using one = echo();
  await using two = echo();
  await using scenario = await Scenario.start({
    backends: [one.address, two.address],
    upstream: { health_check: { type: "none" } },
  });
  using stack = new DisposableStack();
  const conns: Deno.Conn[] = [];

  await inParallel(COUNT, 50, async (index) => {
    const conn = stack.use(await scenario.connect());
    conns.push(conn);
    await exchange(conn, `first ${index}`);
  });

  assertEquals((await scenario.listenerStatus()).active, COUNT);
  assertEquals([one.open, two.open], [COUNT / 2, COUNT / 2]);
  await inParallel(COUNT, 200, (index) => exchange(conns[index]!, `second ${index}`));
  assertEquals((await scenario.listenerStatus()).active, COUNT);
});
