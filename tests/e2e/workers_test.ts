import { assert, assertEquals } from "@std/assert";
import { inParallel, listenTo, receive, tally } from "../support/clients.ts";
import { Scenario } from "../support/scenario.ts";
import { nameKeeper, nameServer, type TestServer } from "../support/servers.ts";

const NAMES = ["a", "b", "c"];

for (const workers of [1, 2, 4]) {
  Deno.test(`round_robin is exact, workers: ${workers}`, async () => {
    await using stack = new AsyncDisposableStack();
    await using scenario = await start(stack, nameServer, { workers, algorithm: "round_robin" });
    const names: string[] = [];

    for (let i = 0; i < 150; i++) names.push(await listenTo(scenario.address));
    assertEquals(tally(names), { a: 50, b: 50, c: 50 });
    await inParallel(150, 50, async () => {
      names.push(await listenTo(scenario.address));
    });

    assertEquals(tally(names), { a: 100, b: 100, c: 100 });
    const status = await scenario.status();
    assertEquals(status.workers, workers);
    const counted = status.upstreams[0]?.backends.map(({ connections }) => connections);
    assertEquals(counted, [100, 100, 100]);
  });

  Deno.test(`least_connections spreads long connections evenly, workers: ${workers}`, async () => {
    await using stack = new AsyncDisposableStack();
    await using scenario = await start(stack, nameKeeper, {
      workers,
      algorithm: "least_connections",
    });
    using conns = new DisposableStack();
    const names: string[] = [];

    await inParallel(300, 30, async () => {
      const conn = conns.use(await scenario.connect());
      names.push(await receive(conn, "a"));
    });

    const counts = tally(names);
    for (const name of NAMES) {
      const count = counts[name] ?? 0;
      // Threads that pick in the same instant do not see each other's pick.
      assert(Math.abs(count - 100) <= workers, `connections: ${JSON.stringify(counts)}`);
    }
    const inFlight = (await scenario.backendStatus()).map((backend) => backend.inFlight);
    assertEquals(inFlight, NAMES.map((name) => counts[name] ?? 0));
  });
}

Deno.test("least_connections sends new connections to the backend that has become free", async () => {
  await using stack = new AsyncDisposableStack();
  await using scenario = await start(stack, nameKeeper, {
    workers: 1,
    algorithm: "least_connections",
  });
  const open = new Map<string, Deno.Conn[]>(NAMES.map((name) => [name, []]));
  using conns = new DisposableStack();
  const add = async () => {
    const conn = conns.use(await scenario.connect());
    const name = await receive(conn, "a");
    open.get(name)?.push(conn);
    return name;
  };
  for (let i = 0; i < 30; i++) await add();

  for (const conn of open.get("b") ?? []) {
    await conn.closeWrite();
    assertEquals(await conn.read(new Uint8Array(1)), null);
  }
  // All ends have been seen by the client, and so by Weir.
  const next: string[] = [];
  for (let i = 0; i < 10; i++) next.push(await add());

  assertEquals(tally(next), { b: 10 });
});

async function start(
  stack: AsyncDisposableStack,
  serve: (name: string) => TestServer,
  options: { readonly workers: number; readonly algorithm: string },
): Promise<Scenario> {
  const servers = NAMES.map((name) => stack.use(serve(name)));
  return await Scenario.start({
    backends: servers.map(({ address }) => address),
    top: { workers: options.workers },
    upstream: { algorithm: options.algorithm },
  });
}
