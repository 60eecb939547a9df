import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { BlackHole } from "../support/black_hole.ts";
import { inParallel, listenTo, receive, send } from "../support/clients.ts";
import { UNCHECKED } from "../support/http_scenario.ts";
import { Scenario } from "../support/scenario.ts";
import { eachChunk, type Place, TestServer, writeAll } from "../support/servers.ts";
import { eventually } from "../support/wait.ts";

/** Numbers its connections from 0; answers each chunk with the number and the chunk. */
class Recorder implements AsyncDisposable {
  readonly server: TestServer;
  readonly conns: Deno.Conn[] = [];
  /** Numbers of the connections that brought at least one byte. */
  readonly used = new Set<number>();

  /** @param greeting what a connection of that number is sent at once */
  constructor(greeting: (number: number) => string = () => "", place?: Place) {
    this.server = new TestServer((conn) => this.#serve(conn, greeting), place);
  }

  get address(): string {
    return this.server.address;
  }

  /** Waits until that many connections are open. */
  async open(count: number): Promise<void> {
    await eventually(`${count} open connections`, () => assertEquals(this.server.open, count));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }

  async #serve(conn: Deno.Conn, greeting: (number: number) => string): Promise<void> {
    const number = this.conns.push(conn) - 1;
    await writeAll(conn, new TextEncoder().encode(greeting(number)));
    await eachChunk(conn, async (chunk) => {
      this.used.add(number);
      const text = `${number}:${new TextDecoder().decode(chunk)}`;
      await writeAll(conn, new TextEncoder().encode(text));
    });
  }
}

/**
 * Weir before the backends, without health checks, so that nobody else connects to them, and without
 * ejections, which would outlast a restart.
 */
function start(backends: readonly string[], pool: object, workers = 1): Promise<Scenario> {
  const upstream = { ...UNCHECKED, outlier_detection: { enabled: false }, pool };
  return Scenario.start({ backends, top: { workers }, upstream });
}

/** Waits until Weir, and not its backend alone, has that many connections ready. */
async function ready(scenario: Scenario, count: number): Promise<void> {
  await eventually(`${count} idle connections`, async () => {
    assertEquals((await scenario.backendStatus())[0]?.idle, count);
  });
}

/** The number of the connection that the client's bytes go to. */
async function numberOf(client: Deno.Conn): Promise<number> {
  await send(client, "?");
  const answer = await receive(client, "0:?");
  assert(answer.endsWith(":?"), answer);
  return Number(answer.slice(0, -2));
}

Deno.test("warm: connections are open before any client, in every thread, and are no load", async () => {
  await using one = new Recorder();
  await using two = new Recorder();
  await using scenario = await start([one.address, two.address], { warm: 3 }, 2);

  await one.open(6);
  await two.open(6);

  const status = await scenario.backendStatus();
  assertEquals(status.map(({ inFlight, connections }) => [inFlight, connections]), [[0, 0], [
    0,
    0,
  ]]);
  assertEquals([one.used.size, one.server.accepted, two.server.accepted], [0, 6, 6]);
});

Deno.test("warm: each client gets a connection of its own that was open before it came", async () => {
  await using backend = new Recorder();
  await using scenario = await start([backend.address], { warm: 2 });

  const numbers = [];
  for (let i = 0; i < 10; i++) {
    await ready(scenario, 2);
    const before = backend.server.accepted;
    using client = await scenario.connect();
    const number = await numberOf(client);
    assertLess(number, before);
    numbers.push(number);
  }

  assertEquals(new Set(numbers).size, 10);
  await ready(scenario, 2);
  const [status] = await scenario.backendStatus();
  assertEquals([status?.connections, backend.server.accepted], [10, 12]);
});

Deno.test("warm: clients beyond what is ready are served all the same, and nothing crosses over", async () => {
  await using backend = new Recorder((number) => `hello ${number}\n`);
  await using scenario = await start([backend.address], { warm: 4 }, 2);
  await ready(scenario, 8);

  const greeted: number[] = [];
  await inParallel(120, 30, async (index) => {
    using client = await scenario.connect();
    const greeting = await receive(client, "hello 0\n");
    const [, number] = /^hello (\d+)\n$/.exec(greeting) ?? [];
    const message = `client ${index} `.repeat(20);
    await send(client, message);
    assertEquals(await receive(client, `${number}:${message}`), `${number}:${message}`);
    greeted.push(Number(number));
  });

  assertEquals(new Set(greeted).size, 120);
  assertEquals((await scenario.backendStatus())[0]?.failures, 0);
  await ready(scenario, 8);
});

Deno.test("warm: a greeting of any size reaches the client that gets the connection, in order", async () => {
  const greetingOf = (number: number) => `<${number}>` + "greeting ".repeat(20_000) + "\n";
  await using backend = new Recorder(greetingOf);
  await using scenario = await start([backend.address], { warm: 1 });
  await ready(scenario, 1);

  using client = await scenario.connect();

  const wanted = greetingOf(0);
  let text = await receive(client, wanted);
  assertEquals(text, wanted);
  text = String(await numberOf(client));
  assertEquals(text, "0");
});

Deno.test("warm: a backend that hangs up on idle connections is dialled once a second, not in a loop", async () => {
  await using backend = new TestServer(() => Promise.resolve());
  const begin = performance.now();
  await using scenario = await start([backend.address], { warm: 2 });

  await eventually("three rounds", () => assertGreater(backend.accepted, 5));

  // Two at the start, two a second later, and two after another one.
  assertGreater(performance.now() - begin, 1900);
  assertEquals(await listenTo(scenario.address), "");
});

Deno.test("warm: a connection that its backend ends while it is idle is not handed out", async () => {
  await using backend = new Recorder();
  await using scenario = await start([backend.address], { warm: 2 });
  await ready(scenario, 2);

  for (const conn of backend.conns) await conn.closeWrite();
  await eventually("new ones", () => assertEquals(backend.server.accepted, 4));
  await ready(scenario, 2);
  using client = await scenario.connect();

  assertGreater(await numberOf(client), 1);
});

Deno.test("warm: one that dies after it was taken and before a byte was sent is replaced unseen", async () => {
  await using backend = new Recorder();
  await using scenario = await start([backend.address], { warm: 1 });
  await ready(scenario, 1);
  using client = await scenario.connect();
  // One in place of the one that was taken.
  await eventually("a second", () => assertEquals(backend.server.accepted, 2));
  await ready(scenario, 1);

  await backend.conns[0]?.closeWrite();
  await eventually("a third", () => assertEquals(backend.server.accepted, 3));

  assertEquals(await numberOf(client), 2);
  const [status] = await scenario.backendStatus();
  assertEquals([status?.failures, status?.inFlight], [0, 1]);
});

Deno.test("warm: a backend that is killed and started again is kept warm again", async () => {
  const first = new Recorder();
  await using other = new Recorder();
  const { address } = first;
  const [hostname = "", port] = address.split(":");
  await using scenario = await start([address, other.address], { warm: 2 });
  await ready(scenario, 2);

  await first[Symbol.asyncDispose]();
  for (let i = 0; i < 10; i++) {
    using client = await scenario.connect();
    await assertServed(client);
  }
  await using again = new Recorder(undefined, { hostname, port: Number(port) });
  await ready(scenario, 2);

  assertEquals(again.used.size, 0);
  for (let i = 0; i < 4; i++) {
    using client = await scenario.connect();
    await assertServed(client);
  }
  assertEquals(again.used.size, 2);
});

Deno.test("warm: shutdown waits neither for idle connections nor for dials that get no answer", async () => {
  using hole = await BlackHole.open();
  await using backend = new Recorder();
  await using scenario = await Scenario.start({
    backends: [hole.address, backend.address],
    top: { shutdown_timeout: "60s" },
    upstream: { ...UNCHECKED, connect_timeout: "60s", pool: { warm: 5 } },
  });
  await backend.open(10);

  const { code, stderr } = await scenario.stop("SIGTERM", 10_000);

  assertEquals(code, 0, stderr);
  await backend.open(0);
});

Deno.test("warm: draining closes idle connections and leaves those with a client", async () => {
  await using backend = new Recorder();
  await using scenario = await start([backend.address], { warm: 3 });
  await backend.open(3);
  using client = await scenario.connect();
  await backend.open(4);

  scenario.weir.signal("SIGTERM");
  await backend.open(1);

  await assertServed(client);
  await client.closeWrite();
  assertEquals((await scenario.weir.finished()).code, 0);
});

Deno.test("warm: idle_timeout replaces what has waited for long", async () => {
  await using backend = new Recorder();
  await using scenario = await start([backend.address], { warm: 1, idle_timeout: "300ms" });
  await eventually("a second", () => assertGreater(backend.server.accepted, 1));

  await backend.open(1);

  using client = await scenario.connect();
  await assertServed(client);
});

/** The client is served, by whatever connection. */
async function assertServed(client: Deno.Conn): Promise<void> {
  await numberOf(client);
}
