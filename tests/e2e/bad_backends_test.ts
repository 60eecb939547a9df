import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { ask, exchange, receiveAll, send } from "../support/clients.ts";
import { freeAddress } from "../support/free_port.ts";
import { Scenario } from "../support/scenario.ts";
import { dripping, echo, resetting, silent } from "../support/servers.ts";
import { eventually } from "../support/wait.ts";

const UNCHECKED = { health_check: { type: "none" } };

for (
  const [state, upstream] of [["found to be down", { panic_threshold: 0 }], [
    "refusing",
    UNCHECKED,
  ]] as const
) {
  Deno.test(`with all backends ${state} the client's connection is closed at once`, async () => {
    const backends = [freeAddress(), freeAddress()];
    await using scenario = await Scenario.start({ backends, upstream });
    if (state === "found to be down") {
      await eventually("both to be down", async () => {
        assertEquals((await scenario.backendStatus()).map(({ up }) => up), [false, false]);
      });
    }

    const start = performance.now();
    using conn = await scenario.connect();
    const received = await receiveAll(conn);

    assertEquals(received, "");
    // Far below the connect timeout of five seconds.
    assertLess(performance.now() - start, 2500);
    await eventually("the count", async () => {
      const { noBackend, active, retries } = await scenario.listenerStatus();
      const expected = { noBackend: 1, active: 0, retries: state === "refusing" ? 1 : 0 };
      assertEquals({ noBackend, active, retries }, expected);
    });
    await scenario.waitForLog(/warning Connection closed: no backend available listener=main/);
  });
}

Deno.test("a backend that accepts and never answers is cut by the idle timeout", async () => {
  await using server = silent();
  await using scenario = await Scenario.start({
    backends: [server.address],
    upstream: UNCHECKED,
    listener: { timeouts: { idle: "300ms", tunnel: "1h" } },
  });

  using conn = await scenario.connect();
  await send(conn, "hello");
  const received = await receiveAll(conn);

  assertEquals(received, "");
  await untilIdle(scenario);
});

Deno.test("a backend that resets ends its own connection and no other", async () => {
  await using resets = resetting();
  await using answers = echo();
  await using scenario = await Scenario.start({
    backends: [resets.address, answers.address],
    upstream: UNCHECKED,
    // What is tested is that the end comes long before this.
    listener: { timeouts: { idle: "1h", tunnel: "1h" } },
  });
  const rounds = 10;
  let ended = 0;

  for (let i = 0; i < rounds; i++) {
    using conn = await scenario.connect();
    const text = `${i}`.padEnd(10_000, ".");
    await send(conn, text);
    const received = await endOf(conn, text);
    if (received === "") ended++;
    else assertEquals(received, text);
  }

  assertEquals(ended, rounds / 2);
  await untilIdle(scenario);
});

Deno.test("an answer that comes one byte at a time arrives whole", async () => {
  const answer = "abcdefghij".repeat(30);
  await using server = dripping(answer);
  await using scenario = await Scenario.start({ backends: [server.address] });

  assertEquals(await ask(scenario.address, "go"), answer);
});

Deno.test("a single byte is passed on at once, both ways", async () => {
  await using server = echo();
  await using scenario = await Scenario.start({ backends: [server.address] });
  using conn = await scenario.connect();

  const start = performance.now();
  // Each waits for the one before: whatever held a byte back would hold up all of them.
  for (let i = 0; i < 200; i++) await exchange(conn, String.fromCharCode(65 + i % 26));
  const averageMs = (performance.now() - start) / 200;

  // Nagle's algorithm with delayed acknowledgements would cost 40 ms each.
  assertLess(averageMs, 20);
  const [backend] = await scenario.backendStatus();
  assert(backend !== undefined);
  assertGreater(backend.bytesToClient, 0);
});

/** What came until the end or the whole of `wanted`; nothing for a connection that broke. */
async function endOf(conn: Deno.Conn, wanted: string): Promise<string> {
  await conn.closeWrite().catch(() => {});
  try {
    return await receiveAll(conn);
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionReset) return "";
    throw new Error(`Cannot read ${wanted.length} bytes`, { cause: error });
  }
}

async function untilIdle(scenario: Scenario): Promise<void> {
  await eventually("nothing to be open", async () => {
    assertEquals((await scenario.listenerStatus()).active, 0);
    const inFlight = (await scenario.backendStatus()).map((backend) => backend.inFlight);
    assertEquals(inFlight, inFlight.map(() => 0));
  });
}
