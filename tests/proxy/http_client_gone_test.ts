import { assert, assertEquals } from "@std/assert";
import { get, HttpBench, type HttpBenchOptions, type Talker } from "../support/memory_http.ts";
import { tcp } from "../support/configs.ts";

const RETRYING: HttpBenchOptions = {
  backends: 2,
  upstream: { retry: { attempts: 2, on: ["connect", "reset"], budget: 1 } },
};
const UPGRADE = get("/", "Connection: Upgrade\r\nUpgrade: websocket\r\n");
const UPLOAD = "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n";
const ENDS = ["close", "reset", "finish"] as const;

for (const [what, request] of [["a request", get()], ["an upload", UPLOAD]] as const) {
  Deno.test(`HttpExchange stops connecting at once when the client of ${what} leaves`, async () => {
    for (const how of ENDS) {
      using b = new HttpBench(RETRYING);
      b.transport.silence(tcp(1000));
      const client = b.connect();
      await client.say(request);
      assertEquals(b.table.inFlight(0), 1);

      await client[how]();

      await assertNothingHappened(b, client, how);
      assertEquals(b.transport.dialled.length, 1);
    }
  });
}

Deno.test("HttpExchange makes no further attempt for a client that leaves in the pause", async () => {
  for (const how of ENDS) {
    using b = new HttpBench(RETRYING);
    const client = b.connect();
    await client.say(get());
    await (await b.take()).reset();

    await client[how]();

    await b.paced.pass(50);
    assertEquals(b.transport.dialled.length, 1, how);
    if (how === "finish") await client.close();
    assertEquals(await b.leftovers(), [], how);
  }
});

Deno.test("HttpExchange lets go of a backend when the client of an upgrade leaves before the 101", async () => {
  for (const how of ENDS) {
    using b = new HttpBench(RETRYING);
    const client = b.connect();
    await client.say(UPGRADE);
    const server = await b.take();
    await server.hear();

    await client[how]();

    assert(server.ended, how);
    await assertNothingHappened(b, client, how);
  }
});

Deno.test("HttpExchange holds no backend's slot in the pause before a retry", async () => {
  using b = new HttpBench({ ...RETRYING, backends: 1 });
  const client = b.connect();
  await client.say(get());

  await (await b.take()).reset();

  assertEquals(b.table.inFlight(0), 0);
  const second = await b.take();
  assertEquals(b.table.inFlight(0), 1);
  await second.close();
  await client.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpExchange notices a moment later that the client of its last request left", async () => {
  for (const how of ["close", "reset"] as const) {
    using b = new HttpBench(RETRYING);
    const client = b.connect();
    await client.say(get("/", "Connection: close\r\n"));
    const server = await b.take();
    await server.hear();

    await client[how]();
    await b.paced.pass(200);

    assert(server.ended, how);
    await assertNothingHappened(b, client, how);
  }
});

/** Nothing is held any more, no time having passed, and nobody was blamed. */
async function assertNothingHappened(b: HttpBench, client: Talker, how: string): Promise<void> {
  assertEquals([b.table.inFlight(0), b.proxy.active], [0, 0], how);
  for (const backend of [0, 1]) {
    for (const counter of ["failures", "connectFailures"] as const) {
      assertEquals(b.table.backendTotal(backend, counter), 0, `${counter} after ${how}`);
    }
  }
  if (how === "finish") await client.close();
  assertEquals(await b.leftovers(), [], how);
}
