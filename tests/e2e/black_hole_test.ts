import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { listenTo } from "../support/clients.ts";
import { randomLoopback } from "../support/free_port.ts";
import { Scenario } from "../support/scenario.ts";
import { nameServer } from "../support/servers.ts";

const UNCHECKED = { type: "none" };

Deno.test("a backend that does not answer the connect is given up at connect_timeout", async () => {
  using hole = await BlackHole.open();
  await using answers = nameServer("answers");
  await using scenario = await Scenario.start({
    backends: [hole.address, answers.address],
    upstream: { connect_timeout: "300ms", health_check: UNCHECKED },
  });

  const start = performance.now();
  assertEquals(await listenTo(scenario.address), "answers");
  const tookMs = performance.now() - start;

  assertGreater(tookMs, 250);
  assertLess(tookMs, 5000);
  const [first] = await scenario.backendStatus();
  assertEquals(first?.connectFailures, 1);
  assertEquals((await scenario.listenerStatus()).retries, 1);
});

Deno.test("with only such backends the client is closed after one timeout for each", async () => {
  using one = await BlackHole.open();
  using two = await BlackHole.open();
  await using scenario = await Scenario.start({
    backends: [one.address, two.address],
    upstream: { connect_timeout: "300ms", health_check: UNCHECKED },
  });

  const start = performance.now();
  assertEquals(await listenTo(scenario.address), "");
  const tookMs = performance.now() - start;

  assertGreater(tookMs, 550);
  assertLess(tookMs, 5000);
  assertEquals((await scenario.listenerStatus()).noBackend, 1);
});

Deno.test("a check that gets no answer fails at its timeout", async () => {
  using hole = await BlackHole.open();
  await using scenario = await Scenario.start({
    backends: [hole.address],
    upstream: { health_check: { interval: "200ms", timeout: "200ms" } },
  });

  await scenario.waitForLog(/warning Backend is down .*no answer in time/);
});

/** A listener that never accepts and whose queue is full: the kernel drops every further SYN. */
class BlackHole implements Disposable {
  readonly address: string;
  readonly #listener: Deno.TcpListener;
  readonly #queued: Deno.Conn[] = [];

  private constructor() {
    const hostname = randomLoopback();
    this.#listener = Deno.listen({ hostname, port: 0, tcpBacklog: 1 });
    this.address = `${hostname}:${this.#listener.addr.port}`;
  }

  static async open(): Promise<BlackHole> {
    using stack = new DisposableStack();
    const hole = stack.use(new BlackHole());
    await hole.#fill();
    stack.move();
    return hole;
  }

  [Symbol.dispose](): void {
    for (const conn of this.#queued) conn.close();
    this.#listener.close();
  }

  async #fill(): Promise<void> {
    const { hostname, port } = this.#listener.addr;
    for (let tries = 0; tries < 20; tries++) {
      try {
        this.#queued.push(
          await Deno.connect({ hostname, port, signal: AbortSignal.timeout(PATIENCE_MS) }),
        );
      } catch {
        return;
      }
    }
    throw new Error("Cannot fill the queue: twenty connections were taken");
  }
}

/** A connection over loopback takes well under a millisecond. */
const PATIENCE_MS = 400;
