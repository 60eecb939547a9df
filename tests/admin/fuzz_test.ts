import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { parseAddress } from "../../lib/core/address.ts";
import { startAdmin } from "../../lib/admin/server.ts";
import { connectTo, receiveAll } from "../support/clients.ts";
import { freeAddress } from "../support/free_port.ts";
import { seededRandom } from "../support/seeded_random.ts";
import { within } from "../support/wait.ts";
import { AdminBench, type Ask, TOKEN } from "./support.ts";

const RUNS = 3000;
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "WEIRD", "get"];
const PATHS = [
  "/",
  "/healthz",
  "/readyz",
  "/api/v1/login",
  "/api/v1/logout",
  "/api/v1/status",
  "/api/v1/config",
  "/api/v1/upstreams",
  "/api/v1/upstreams/app/backends",
  "/api/v1/upstreams/app/backends/app-1",
  "/api/v1/upstreams/%00/backends/%ff",
  "/api/v1/upstreams/__proto__/backends/constructor",
  "/api/v1/events?since=99999999999999999999",
  "/api/v1/events?stats=0&since=-1",
  "/api/v1/log",
  "/api/v1/explain",
  "//api/v1/status",
  "/api/v1/../v1/status",
];
const BODIES = [
  "",
  "{",
  "null",
  "[]",
  "5",
  '"x"',
  '{"weight":1e999}',
  '{"weight":5}',
  '{"state":"drain","__proto__":{"weight":1}}',
  '{"level":"toString"}',
  '{"token":""}',
  `{"token":"${"x".repeat(5000)}"}`,
  '{"url":"http://h/","headers":{"a":[]}}',
  '{"url":[]}',
  "[".repeat(50_000),
  "\xff\xfe",
];
const HEADERS: readonly (readonly [string, readonly string[]])[] = [
  ["content-type", ["application/json", "text/plain", "", "application/json;charset=x"]],
  ["authorization", ["Bearer", "Bearer x", "Basic eA==", `bearer ${TOKEN}x`, ","]],
  ["cookie", ["weir_admin_9000=1.2", "weir_admin_9000=", "=;=;;", "a=".repeat(2000)]],
  ["origin", ["null", "", "http://127.0.0.1:9000", "http://evil.example"]],
  ["sec-fetch-site", ["cross-site", "none", "x"]],
  ["last-event-id", ["1", "-1", "x", "1e9"]],
];

/** A request by chance. */
function anyAsk(random: () => number): { path: string; ask: Ask } {
  const of = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const method = of(METHODS);
  const fields = HEADERS.filter(() => random() < 0.4).map(([name, values]) => [name, of(values)]);
  const hasBody = !["GET", "HEAD", "get"].includes(method) && random() < 0.8;
  return {
    path: of(PATHS),
    ask: {
      method,
      peer: `192.0.2.${Math.floor(random() * 8)}`,
      host: random() < 0.9 ? "127.0.0.1:9000" : of(["", "x y", "evil.example", "[", "a:b:c"]),
      headers: Object.fromEntries(fields),
      ...(hasBody ? { body: of(BODIES) } : {}),
    },
  };
}

Deno.test("the admin interface answers any request, and changes nothing without the token", async () => {
  using b = new AdminBench({ token: TOKEN });
  const random = seededRandom(11);
  const seen = new Set<number>();

  for (let run = 0; run < RUNS; run++) {
    const { path, ask } = anyAsk(random);
    const status = await within(`${ask.method} ${path}`, b.statusOf(path, ask));
    assert(status < 500 && status >= 200, `${status} for ${ask.method} ${path}`);
    seen.add(status);
  }

  assertEquals([b.changes, b.levels, b.events.size], [[], [], 0]);
  assertEquals(b.log.records.length, 0);
  // Otherwise it would have met nothing but refusals.
  for (const status of [200, 204, 400, 401, 403, 415, 429]) assert(seen.has(status), `${status}`);
});

Deno.test("the admin interface answers any request of somebody with the token, without an error of its own", async () => {
  using b = new AdminBench();
  const random = seededRandom(12);

  for (let run = 0; run < RUNS; run++) {
    const { path, ask } = anyAsk(random);
    const status = await within(`${ask.method} ${path}`, b.statusOf(path, ask));
    assertNotEquals(status, 500, `${ask.method} ${path}`);
  }

  assertEquals([b.log.records.length, b.events.size], [0, 0]);
});

Deno.test("the admin listener lives through any bytes", async () => {
  using b = new AdminBench({ token: TOKEN });
  const address = parseAddress(freeAddress());
  assert(address.kind === "tcp");
  const { target, events, clock, log } = b;
  const config = { address, hosts: [] };
  const server = startAdmin({ config, token: TOKEN, target, events, clock, log });
  const random = seededRandom(13);
  const place = `${address.hostname}:${address.port}`;

  for (let run = 0; run < 200; run++) {
    const { path, ask: { method, headers, body } } = anyAsk(random);
    const fields = Object.entries({ host: place, ...headers }).map((pair) => pair.join(": "));
    const text = `${method} ${path} HTTP/1.1\r\n${fields.join("\r\n")}\r\nconnection: close\r\n` +
      `content-length: ${String(body ?? "").length}\r\n\r\n${body ?? ""}`;
    // Half of it is sent in part or turned over; then nobody knows where it ends.
    const isWhole = random() < 0.5;
    const part = text.slice(0, Math.floor(random() * text.length));
    const garbled = part.replaceAll(/[ :]/g, (char) => random() < 0.2 ? "\0" : char);
    using conn = await connectTo(place);
    await conn.write(new TextEncoder().encode(isWhole ? text : garbled));
    if (!isWhole) await conn.closeWrite();
    const answer = await within("the answer", receiveAll(conn).catch(() => ""));
    if (isWhole) assertMatch(answer, /^HTTP\/1\.1 [234]/);
    assert(!answer.startsWith("HTTP/1.1 5"), answer);
  }

  const alive = await fetch(`http://${place}/healthz`);
  assertEquals(await alive.text(), "alive\n");
  await server.stop();
  assertEquals([b.changes, b.levels], [[], []]);
});
