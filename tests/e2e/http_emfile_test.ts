import { assertEquals } from "@std/assert";
import { connectTo } from "../support/clients.ts";
import { HttpBackend } from "../support/http_backend.ts";
import { HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { answerOf, headOf, statusOf } from "../support/http_wire.ts";
import { eventually, within } from "../support/wait.ts";

const GET = headOf("GET / HTTP/1.1", "Host: a");

Deno.test("out of file descriptors: HTTP clients that are there are answered, and accepting resumes", async () => {
  await using backend = new HttpBackend(() => answerOf(200));
  await using scenario = await startHttp({
    backends: [backend.address],
    // Sets the hard limit too, or else Deno would raise it again.
    launch: { prefix: ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh"] },
  });
  using stack = new DisposableStack();
  const clients: HttpClient[] = [];
  for (let i = 0; i < 5; i++) {
    const client = stack.use(await HttpClient.connect(scenario.address));
    assertEquals(statusOf(await client.ask(GET)), 200);
    clients.push(client);
  }

  const more: Deno.Conn[] = [];
  for (let i = 0; i < 60; i++) more.push(stack.use(await connectTo(scenario.address)));
  await scenario.waitForLog(/error Cannot accept connections listener=main .*(EMFILE|open files)/);
  for (const client of clients) assertEquals(statusOf(await client.ask(GET)), 200);

  for (const conn of more) conn.close();
  await eventually("accepting to resume", async () => {
    using client = await HttpClient.connect(scenario.address);
    assertEquals(statusOf(await within("an answer", client.ask(GET), 1000)), 200);
  });
  const [status] = await scenario.backendStatus();
  assertEquals([status?.failures, status?.connectFailures], [0, 0]);
});
