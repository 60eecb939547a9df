import { assertEquals, assertGreater } from "@std/assert";
import { HttpBackend } from "../support/http_backend.ts";
import { HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { answerOf, headOf, statusOf } from "../support/http_wire.ts";
import { Scenario } from "../support/scenario.ts";
import { echo } from "../support/servers.ts";
import { eventually } from "../support/wait.ts";
import { exchange, receiveAll } from "../support/clients.ts";

const NAMES = ["b0", "b1", "b2"];
const GET = headOf("GET / HTTP/1.1", "Host: a");

Deno.test("each backend in turn is drained and comes back under load, and no request fails", async () => {
  await using farm = new Farm();
  await using scenario = await farm.start();
  await using load = new Load(scenario.address, 8);
  await load.answers(100);

  for (const [place, name] of NAMES.entries()) {
    await scenario.changeBackend(name, { state: "drain" });
    await eventually(`no more requests for ${name}`, async () => {
      const before = farm.requestsOf(place);
      await load.answers(60);
      assertEquals(farm.requestsOf(place) - before, 0);
    });
    const status = (await scenario.backendStatus())[place];
    assertEquals([status?.inFlight, status?.state, status?.weight], [0, "drain", 1]);

    await scenario.changeBackend(name, { state: "ready" });
    const before = farm.requestsOf(place);
    await eventually(`requests for ${name}`, () => assertGreater(farm.requestsOf(place), before));
  }

  assertEquals(await load.stop(), []);
  assertEquals((await scenario.backendStatus()).map(({ override }) => override), [
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("maintenance closes idle connections and ends checks, and no request fails", async () => {
  await using farm = new Farm();
  await using scenario = await farm.start({
    health_check: { type: "http", path: "/check", interval: "100ms" },
  });
  await using load = new Load(scenario.address, 4);
  await load.answers(100);

  await scenario.changeBackend("b1", { state: "maintenance" });

  await eventually("all connections to b1 to be closed", async () => {
    assertEquals((await scenario.backendStatus())[1]?.idle, 0);
  });
  await eventually("no more requests and checks of b1", async () => {
    const before = farm.requestsOf(1);
    const checks = farm.checksOf(0);
    await load.answers(60);
    await eventually("checks of b0", () => assertGreater(farm.checksOf(0), checks + 2));
    assertEquals(farm.requestsOf(1), before);
  });
  await scenario.changeBackend("b1", { state: "ready" });
  const before = farm.requestsOf(1);
  await eventually("requests for b1", () => assertGreater(farm.requestsOf(1), before));
  assertEquals(await load.stop(), []);
});

Deno.test("a weight that is changed takes effect in all threads", async () => {
  await using farm = new Farm();
  await using scenario = await farm.start();
  await using load = new Load(scenario.address, 6);

  const changed = await scenario.changeBackend("b0", { weight: 8 });

  assertEquals([changed.weight, changed.override], [8, { weight: 8, configuredWeight: 1 }]);
  await eventually("eight in ten requests for b0", async () => {
    const before = [0, 1, 2].map((place) => farm.requestsOf(place));
    await load.answers(200);
    const counts = [0, 1, 2].map((place) => farm.requestsOf(place) - before[place]!);
    const all = counts.reduce((sum, count) => sum + count, 0);
    assertEquals(Math.round(10 * counts[0]! / all), 8);
  });
  assertEquals(await load.stop(), []);
});

Deno.test("a TCP connection outlives the drain of its backend, and the next goes elsewhere", async () => {
  await using one = echo();
  await using two = echo();
  const backends = [{ name: "b0", address: one.address }, { name: "b1", address: two.address }];
  await using scenario = await Scenario.start({
    backends,
    upstream: { algorithm: "first", health_check: { type: "none" } },
  });
  using conn = await scenario.connect();
  await exchange(conn, "before");

  await scenario.changeBackend("b0", { state: "drain" });
  await eventually("connections to go elsewhere", async () => {
    const before = one.accepted;
    for (let count = 0; count < 6; count++) {
      using next = await scenario.connect();
      await exchange(next, "hello");
    }
    assertEquals(one.accepted, before);
  });

  await exchange(conn, "after");
  assertEquals((await scenario.backendStatus())[0]?.inFlight, 1);
  await conn.closeWrite();
  assertEquals(await receiveAll(conn), "");
});

/** Three backends that say their names and count what they are asked. */
class Farm implements AsyncDisposable {
  readonly #backends = NAMES.map((name) => new HttpBackend(() => answerOf(200, name)));

  start(upstream = {}): Promise<Scenario> {
    const backends = this.#backends.map(({ address }, place) => ({ name: NAMES[place], address }));
    return startHttp({ backends, workers: 2, upstream });
  }

  requestsOf(place: number): number {
    return this.#backends[place]!.requests.length;
  }

  checksOf(place: number): number {
    return this.#backends[place]!.requests.filter(({ line }) => line.includes("/check")).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const backend of this.#backends) await backend[Symbol.asyncDispose]();
  }
}

/** Clients that ask again and again, each on a connection of its own. */
class Load implements AsyncDisposable {
  #answers = 0;
  #isOver = false;
  readonly #failures: string[] = [];
  readonly #clients: Promise<void>[];

  constructor(address: string, clients: number) {
    this.#clients = Array.from({ length: clients }, () => this.#run(address));
  }

  /** Waits for so many answers from now on. */
  async answers(count: number): Promise<void> {
    const goal = this.#answers + count;
    await eventually("answers", () => assertGreater(this.#answers, goal));
  }

  /** Ends it and tells what failed. */
  async stop(): Promise<readonly string[]> {
    this.#isOver = true;
    await Promise.all(this.#clients);
    return this.#failures;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(address: string): Promise<void> {
    try {
      using client = await HttpClient.connect(address);
      while (!this.#isOver) {
        const status = statusOf(await client.ask(GET));
        if (status !== 200) this.#failures.push(`status ${status}`);
        this.#answers++;
      }
    } catch (error) {
      this.#failures.push(String(error));
    }
  }
}
