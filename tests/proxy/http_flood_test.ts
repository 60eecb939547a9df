import { assert, assertEquals, assertLessOrEqual, assertStringIncludes } from "@std/assert";
import { LbError } from "../../lib/core/errors.ts";
import { BODY_MS, get, HttpBench, ok } from "../support/memory_http.ts";

const KIB = 1024;

Deno.test("HttpSession reads no further request while one is served, however many are sent", async () => {
  using b = new HttpBench();
  const client = b.connect();
  const flood = client.say(get("/x").repeat(10_000)).catch(() => {});
  const server = await b.take();

  for (let turn = 0; turn < 3; turn++) {
    assertEquals((await server.hear()).match(/GET \S+/g), ["GET /x"]);
    // The rest waits where TCP makes the client wait.
    assertEquals(b.inner[0]!.unread, 64 * KIB);
    assertLessOrEqual(b.buffers.lentBytes, 64 * KIB);
    await server.say(ok());
  }

  // Its end would be seen only behind all that it sent.
  b.proxy.abortAll();
  await client.close();
  await flood;
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpSession cuts a client that asks and asks, and takes no answer of Weir's own", async () => {
  const action = { kind: "redirect", status: 308, location: "http://h/elsewhere" } as const;
  using b = new HttpBench({ routes: [{ action }] });
  const client = b.connect({ capacityBytes: 2000 });
  const flood = client.say(get().repeat(10_000)).catch(() => {});

  await b.paced.pass(BODY_MS);

  assert(client.ended);
  assertLessOrEqual(b.counted("requests"), 20);
  await flood;
  await client.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpSession keeps nothing of an idle client that half-closes", async () => {
  using b = new HttpBench();
  const client = b.connect();
  await client.say(get());
  await (await b.take()).say(ok());
  await client.hear();

  await client.finish();

  assert(client.ended);
  assertEquals(b.proxy.active, 0);
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpExchange carries compressed bodies as they are", async () => {
  using b = new HttpBench();
  const client = b.connect();
  const gzip = "\x1f\x8b\x08\0\0\0\0\0\0\xff no more than bytes";
  const fields = `Content-Encoding: gzip\r\nContent-Length: ${gzip.length}\r\n\r\n${gzip}`;
  await client.say(`PUT / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip, br\r\n${fields}`);
  const server = await b.take();

  const heard = await server.hear();
  await server.say(`HTTP/1.1 200 OK\r\n${fields}`);

  assertStringIncludes(heard, "Accept-Encoding: gzip, br\r\n");
  for (const text of [heard, await client.hear()]) {
    assertStringIncludes(text, "Content-Encoding: gzip\r\n");
    assert(text.endsWith(`\r\n\r\n${gzip}`));
  }
  await client.close();
  assertEquals(await b.leftovers(), []);
});

Deno.test("HttpExchange blames no backend when Weir itself is out of sockets", async () => {
  using b = new HttpBench({ upstream: { retry: { attempts: 0, on: ["connect"], budget: 1 } } });
  b.transport.connect = () =>
    Promise.reject(new LbError("out_of_sockets", "Too many open files", { side: "internal" }));
  const client = b.connect();

  await client.say(get());

  assertStringIncludes(await client.hear(), "X-Weir-Reason: connect_failed\r\n");
  const counts = ["failures", "connectFailures"].map((name) =>
    b.table.backendTotal(0, name as "failures")
  );
  assertEquals(counts, [0, 0]);
  await client.close();
  assertEquals(await b.leftovers(), []);
});
