import { assertEquals } from "@std/assert";
import { freeWildcardPort, hasIpv6 } from "../support/free_port.ts";
import { HttpBackend } from "../support/http_backend.ts";
import { askOnce, HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { answerOf, chunked, headOf, statusOf, valueOf, valuesOf } from "../support/http_wire.ts";
import { TempFolder } from "../support/paths.ts";
import { dripping } from "../support/servers.ts";

const GET = headOf("GET / HTTP/1.1", "Host: a");

Deno.test("an answer that comes a byte at a time is the same answer", async () => {
  const interim = headOf("HTTP/1.1 103 Early Hints", "Link: </a>");
  const head = headOf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "X: 1");
  await using backend = dripping(interim + head + chunked(["one", "two"], "X-Sum: 6"));
  await using scenario = await startHttp({ backends: [backend.address] });
  using client = await HttpClient.connect(scenario.address);

  await client.send(GET);
  const [hints, answer] = [await client.read(), await client.read()];

  assertEquals([statusOf(hints), statusOf(answer)], [103, 200]);
  assertEquals([answer.body, answer.trailers], ["onetwo", [["X-Sum", "6"]]]);
});

Deno.test("large heads go through both ways, whatever the size of the body behind them", async () => {
  const large = `X-Large: ${"x".repeat(30_000)}`;
  await using backend = new HttpBackend(({ request }) =>
    answerOf(200, request.body, large, large.replace("X-", "Y-"))
  );
  await using scenario = await startHttp({ backends: [backend.address] });
  using client = await HttpClient.connect(scenario.address);

  for (const size of [0, 1, 2000, 8192, 8193, 20_000, 100_000]) {
    const body = "b".repeat(size);
    const framed = [
      headOf("POST / HTTP/1.1", "Host: a", large, `Content-Length: ${size}`) + body,
      headOf("POST / HTTP/1.1", "Host: a", large, "Transfer-Encoding: chunked") +
      chunked(size === 0 ? [] : [body]),
    ];
    for (const request of framed) {
      const answer = await client.ask(request);
      assertEquals(statusOf(answer), 200, answer.body);
      assertEquals(answer.body === body, true, `body of ${size} bytes`);
      assertEquals(valueOf(answer, "Y-Large")?.length, 30_000);
      assertEquals(valueOf(backend.requests.at(-1)!, "X-Large")?.length, 30_000);
    }
  }
});

Deno.test("HTTP/1.0 is never told of transfer codings, not in an answer to HEAD either", async () => {
  await using backend = new HttpBackend(() =>
    headOf("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")
  );
  await using scenario = await startHttp({ backends: [backend.address] });

  const answer = await askOnce(scenario.address, headOf("HEAD / HTTP/1.0", "Host: a"));

  assertEquals(statusOf(answer), 200);
  assertEquals(valuesOf(answer, "Transfer-Encoding"), []);
});

Deno.test("HTTP over Unix sockets, on both sides", async () => {
  await using folder = await TempFolder.create();
  const answer = () => answerOf(200, "hi");
  await using backend = new HttpBackend(answer, { path: `${folder.path}/backend` });
  const address = `unix:${folder.path}/weir`;
  await using scenario = await startHttp({ address, backends: [backend.address] });

  for (let i = 0; i < 3; i++) assertEquals((await askOnce(address, GET)).body, "hi");

  assertEquals(backend.accepted, 1);
  assertEquals(valuesOf(backend.requests[0]!, "Forwarded"), ['for=unknown;host="a";proto=http']);
  assertEquals((await scenario.listenerStatus()).requests, 3);
});

Deno.test({
  name: "clients of IPv6 and of IPv4 on one wildcard listener are named and trusted as they are",
  ignore: !hasIpv6(),
  fn: async () => {
    await using backend = new HttpBackend(() => answerOf(200));
    const port = freeWildcardPort();
    await using scenario = await startHttp({
      address: `:${port}`,
      backends: [backend.address],
      listener: { trusted_proxies: ["127.0.0.0/8", "::1/128"] },
    });
    const request = headOf("GET / HTTP/1.1", "Host: a", "X-Forwarded-For: 203.0.113.9");

    for (const host of ["127.0.0.1", "[::1]"]) {
      await askOnce(`${host}:${port}`, request);
    }

    const seen = backend.requests.map((message) => [
      valueOf(message, "X-Forwarded-For"),
      valueOf(message, "Forwarded"),
    ]);
    assertEquals(seen, [
      ["203.0.113.9, 127.0.0.1", 'for=127.0.0.1;host="a";proto=http'],
      ["203.0.113.9, ::1", 'for="[::1]";host="a";proto=http'],
    ]);
    assertEquals((await scenario.listenerStatus()).requests, 2);
  },
});
