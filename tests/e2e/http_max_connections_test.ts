import { assertEquals } from "@std/assert";
import { HttpBackend } from "../support/http_backend.ts";
import { HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { answerOf, headOf, statusOf } from "../support/http_wire.ts";
import type { Scenario } from "../support/scenario.ts";
import { eventually } from "../support/wait.ts";

const GET = headOf("GET / HTTP/1.1", "Host: a");
const MAX = 8;

Deno.test("max_connections: exact over all threads, the one over is refused, and slots come back", async () => {
  await using backend = new HttpBackend(() => answerOf(200));
  await using scenario = await startHttp({
    workers: 2,
    backends: [backend.address],
    listener: { limits: { max_connections: MAX } },
  });
  using stack = new DisposableStack();
  const connect = async () => stack.use(await HttpClient.connect(scenario.address));

  // Idle keep-alive clients hold their slots.
  const clients: HttpClient[] = [];
  for (let i = 0; i < MAX; i++) clients.push(await connect());
  for (const client of clients) assertEquals(statusOf(await client.ask(GET)), 200);
  for (let refused = 1; refused <= 3; refused++) {
    const over = await connect();
    await over.end();
    assertEquals(over.wire.received, "");
    await assertCounts(scenario, [MAX, MAX, refused]);
  }
  await scenario.waitForLog(/Connection refused: listener is at max_connections .*max=8/);

  // Nobody else pays for it, and a slot given back is there for the next one, and only one.
  for (const client of clients) assertEquals(statusOf(await client.ask(GET)), 200);
  clients.pop()?.[Symbol.dispose]();
  await eventually("a free slot", async () => {
    assertEquals((await scenario.listenerStatus()).active, MAX - 1);
  });
  assertEquals(statusOf(await (await connect()).ask(GET)), 200);
  const over = await connect();
  await over.end();
  assertEquals(over.wire.received, "");
  await assertCounts(scenario, [MAX, MAX + 1, 4]);
});

/** A refused connection is counted a moment after it was closed. */
async function assertCounts(scenario: Scenario, expected: readonly number[]): Promise<void> {
  await eventually("the counts", async () => {
    const { active, accepted, rejected } = await scenario.listenerStatus();
    assertEquals([active, accepted, rejected], expected);
  });
}
