import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { HttpProbeConfig, ProbeConfig } from "../../lib/config/types.ts";
import type { Address } from "../../lib/core/address.ts";
import { LbError } from "../../lib/core/errors.ts";
import type { Transport } from "../../lib/net/transport.ts";
import { createProbe } from "../../lib/probe/create_probe.ts";
import type { MemoryConn } from "../support/memory_conn.ts";
import { MemoryTransport } from "../support/memory_transport.ts";

const ADDRESS: Address = { kind: "tcp", hostname: "192.0.2.1", port: 81 };
const HTTP: HttpProbeConfig = {
  type: "http",
  method: "GET",
  path: "/health?deep=1",
  headers: [["X-Check", "weir"]],
  expectStatus: [[200, 299], [304, 304]],
};

/** What came of one check against a backend that sends `parts` and then ends, or says no more. */
async function check(
  config: ProbeConfig,
  parts: readonly string[],
  options: { readonly stays?: boolean } = {},
): Promise<{ reason: string | undefined; received: string; server: MemoryConn }> {
  const transport = new MemoryTransport();
  using acceptor = transport.listen(ADDRESS);
  const stop = new AbortController();
  const running = createProbe(config, transport)(ADDRESS, stop.signal)
    .then(() => undefined, (error: Error) => error.message);
  const server = await acceptor.take();
  const receiving = server.receive().catch(() => new Uint8Array());
  for (const part of parts) {
    await server.send(new TextEncoder().encode(part)).catch(() => {});
  }
  if (options.stays === true) stop.abort();
  else if (parts.length > 0) await server.closeWrite();
  const reason = await running;
  const received = new TextDecoder().decode(await receiving);
  return { reason, received, server };
}

const answer = (head: string, body = "") => [`HTTP/1.1 ${head}\r\n\r\n${body}`];

Deno.test("an HTTP check sends one request that asks for the connection to be closed", async () => {
  const { received, reason } = await check(HTTP, answer("204 No Content"));

  assertEquals(reason, undefined);
  assertEquals(
    received,
    "GET /health?deep=1 HTTP/1.1\r\nHost: 192.0.2.1:81\r\nX-Check: weir\r\n" +
      "User-Agent: weir-health-check\r\nConnection: close\r\n\r\n",
  );
});

Deno.test("an HTTP check takes host and User-Agent from its configuration, and states no body", async () => {
  const config = {
    ...HTTP,
    method: "POST",
    host: "app.internal",
    headers: [["User-Agent", "me"]],
  } as const;

  const { received } = await check(config, answer("200 OK"));

  assertMatch(received, /^POST .*\r\nHost: app\.internal\r\nUser-Agent: me\r\n/);
  assertMatch(received, /\r\nContent-Length: 0\r\n\r\n$/);
});

const STATUSES: readonly [status: string, passes: boolean][] = [
  ["200 OK", true],
  ["299", true],
  ["300 Choices", false],
  ["304 Not Modified", true],
  ["500 Oh", false],
];

for (const [status, passes] of STATUSES) {
  Deno.test(`an HTTP check of 200-299 and 304 ${passes ? "passes" : "fails"} at ${status}`, async () => {
    const { reason } = await check(HTTP, answer(status));

    const failure = `Check of "192.0.2.1:81" failed: status must be 200-299, 304: it is ` +
      status.slice(0, 3);
    assertEquals(reason, passes ? undefined : failure);
  });
}

const chunked = "200 OK\r\nTransfer-Encoding: chunked";
const BODIES: readonly [what: string, parts: string[], reason: RegExp | undefined][] = [
  ["a body that holds the text", answer("200 OK\r\nContent-Length: 9", "all ok ok"), undefined],
  ["the text in two chunks", answer(chunked, "4\r\nall \r\n2\r\nok\r\n0\r\n\r\n"), undefined],
  ["a body that ends with the connection", answer("200 OK", "ok"), undefined],
  [
    "an answer in single bytes",
    [...answer("200 OK\r\nContent-Length: 2", "ok").join("")],
    undefined,
  ],
  ["interim answers first", ["HTTP/1.1 102 Wait\r\n\r\n", ...answer("200 OK", "ok")], undefined],
  ["another body", answer("200 OK\r\nContent-Length: 3", "bad"), /body must hold "ok"/],
  ["no body", answer("204 No Content"), /body must hold "ok"/],
  ["a body that is cut", answer("200 OK\r\nContent-Length: 9", "ok"), /body must be complete/],
  ["a chunk that is none", answer(chunked, "x\r\n"), /Cannot parse HTTP message/],
  ["the text beyond 16 KiB", answer("200 OK", `${"-".repeat(16_384)}ok`), /first 16384 B/],
  ["no answer", [""], /answer must have a head/],
  ["noise", ["SSH-2.0-x\r\n"], /first byte is no HTTP version/],
  [
    "a head without an end",
    ["HTTP/1.1 200 OK\r\nX: ", "x".repeat(40_000)],
    /head is over the limit/,
  ],
  ["interim answers without end", ["HTTP/1.1 102 W\r\n\r\n".repeat(20)], /at most 8 interim/],
];

for (const [what, parts, reason] of BODIES) {
  const outcome = reason === undefined ? "passes" : "fails";
  Deno.test(`an HTTP check for the text "ok" ${outcome} at ${what}`, async () => {
    const result = await check({ ...HTTP, expectBody: "ok" }, parts);

    if (reason === undefined) assertEquals(result.reason, undefined);
    else assertMatch(result.reason ?? "passed", reason);
  });
}

Deno.test("an HTTP check looks for a regular expression in the first 4 KiB", async () => {
  const config = { ...HTTP, expectBodyRegex: '"status": ?"(ok|degraded)"' };
  const body = '{"status": "degraded"}';

  const here = await check(config, answer("200 OK", body));
  const beyond = await check(config, answer("200 OK", " ".repeat(4090) + body));

  assertEquals(here.reason, undefined);
  assertMatch(beyond.reason ?? "", /body must match .* in its first 4096 B/);
});

Deno.test("an HTTP check that is broken off says so, and closes its connection", async () => {
  const { reason, server } = await check(HTTP, ["HTTP/1.1 200"], { stays: true });

  assertEquals(reason, 'Check of "192.0.2.1:81" failed: no answer in time');
  assertEquals(server.peer?.closes === 0, false);
});

Deno.test("a TCP check without more passes as soon as it is connected, and closes", async () => {
  const { reason, received, server } = await check({ type: "tcp" }, []);

  assertEquals([reason, received], [undefined, ""]);
  assertEquals(server.peer?.closes === 0, false);
});

Deno.test("a TCP check sends and finds its text, in however many parts", async () => {
  const config = { type: "tcp", send: "PING\r\n", expect: "+PONG" } as const;

  const { reason, received } = await check(config, [..."++PO+PONG\r\n"]);

  assertEquals([reason, received], [undefined, "PING\r\n"]);
});

Deno.test("a TCP check fails at another answer, and looks at 16 KiB of it", async () => {
  const config = { type: "tcp", expect: "PONG" } as const;

  const other = await check(config, ["+PON"]);
  const late = await check(config, ["x".repeat(16_384), "PONG"]);

  assertMatch(other.reason ?? "", /answer must hold what is expected: it ended at 4 B/);
  assertMatch(late.reason ?? "", /answer must hold what is expected: not in its first 16384 B/);
});

Deno.test("a check that Weir has no socket for says that it was not made", async () => {
  const none: Transport = {
    listen: () => {
      throw new Error("not here");
    },
    connect: () =>
      Promise.reject(new LbError("out_of_sockets", "no descriptor", { side: "internal" })),
  };

  const { signal } = new AbortController();
  for (const config of [HTTP, { type: "tcp" }] as const) {
    await assertRejects(() => createProbe(config, none)(ADDRESS, signal), LbError);
  }
});
