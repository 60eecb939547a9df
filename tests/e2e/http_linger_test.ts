import { assertEquals } from "@std/assert";
import { HttpBackend } from "../support/http_backend.ts";
import { HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { headOf, statusOf } from "../support/http_wire.ts";

Deno.test("a client that is still sending when it is refused takes no backend's slot", async () => {
  await using backend = new HttpBackend(() => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  await using scenario = await startHttp({
    backends: [backend.address],
    listener: { timeouts: { body: "300ms" } },
  });
  using client = await HttpClient.connect(scenario.address);

  await client.send(headOf("POST / HTTP/1.1", "Host: a", "Content-Length: 100") + "begun");
  const answer = await client.read();

  // The connection lingers for a second; what it held was given back before.
  assertEquals(statusOf(answer), 408);
  assertEquals((await scenario.backendStatus()).map(({ inFlight }) => inFlight), [0]);
});
