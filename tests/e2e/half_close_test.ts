import { assertEquals } from "@std/assert";
import { ask, receiveAll, send } from "../support/clients.ts";
import { Scenario } from "../support/scenario.ts";
import { answerAtEnd, eachChunk, TestServer, writeAll } from "../support/servers.ts";
import { within } from "../support/wait.ts";

Deno.test("a client that ends its input first still gets the whole answer", async () => {
  const answer = "x".repeat(300_000);
  await using server = answerAtEnd((question) => `${question}:${answer}`);
  await using scenario = await Scenario.start({ backends: [server.address] });

  const received = await ask(scenario.address, "hello");

  assertEquals(received.length, "hello:".length + answer.length);
  assertEquals(received, `hello:${answer}`);
});

Deno.test("a client that sends and ends its input at once gets the answer", async () => {
  await using server = answerAtEnd((question) => question.toUpperCase());
  await using scenario = await Scenario.start({ backends: [server.address] });

  const received = await Promise.all(
    Array.from({ length: 20 }, (_, index) => ask(scenario.address, `question ${index}`)),
  );

  assertEquals(received, Array.from({ length: 20 }, (_, index) => `QUESTION ${index}`));
});

Deno.test("a server that ends first still gets everything that the client sends", async () => {
  const heard = Promise.withResolvers<string>();
  await using server = new TestServer(async (conn) => {
    await writeAll(conn, new TextEncoder().encode("that is all"));
    await conn.closeWrite();
    let text = "";
    await eachChunk(conn, (chunk) => {
      text += new TextDecoder().decode(chunk);
      return Promise.resolve();
    });
    heard.resolve(text);
  });
  // A check would be heard as a client that says nothing.
  await using scenario = await Scenario.start({
    backends: [server.address],
    upstream: { health_check: { type: "none" } },
  });

  using conn = await scenario.connect();
  assertEquals(await receiveAll(conn), "that is all");
  for (const part of ["still ", "talking ", "to you"]) await send(conn, part);
  await conn.closeWrite();

  assertEquals(await within("what the server heard", heard.promise), "still talking to you");
});
