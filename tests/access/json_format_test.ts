import { assertEquals, assertMatch } from "@std/assert";
import * as fc from "fast-check";
import { MAX_VALUE_LENGTH } from "../../lib/access/escape.ts";
import { JsonFormat } from "../../lib/access/json_format.ts";
import type { RequestRecord } from "../../lib/access/record.ts";
import { connectionRecord, requestRecord, TIME_MS } from "../support/access_records.ts";

function lineOf(changes: Partial<RequestRecord>, share = 1): string {
  return new JsonFormat("web").request(requestRecord(changes), TIME_MS, share);
}

function parsed(changes: Partial<RequestRecord>, share = 1): Record<string, unknown> {
  return JSON.parse(lineOf(changes, share));
}

/** One character for each byte of the text in UTF-8, as heads are read. */
function asBytes(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

Deno.test("JsonFormat.request() writes a usual request in order", () => {
  assertEquals(
    lineOf({}),
    '{"time":"2026-11-21T09:00:00.123Z","listener":"web","client":"192.0.2.7","method":"GET",' +
      '"target":"/a?b=c","protocol":"HTTP/1.1","host":"example.com","status":200,"bytes_in":90,' +
      '"bytes_out":1150,"upstream":"app","backend":"b0","first_byte_ms":1.250,' +
      '"duration_ms":2.500,"request_id":"id-1","user_agent":"curl/8"}\n',
  );
});

Deno.test("JsonFormat.request() tells of waits, retries, refusals and cuts where there were any", () => {
  const line = parsed({
    queueMs: 3.0004,
    connectMs: 1,
    retries: 2,
    reason: "queue_full",
    cut: "reset",
    referer: "http://x/",
    version: 10,
  });

  assertEquals(line["queue_ms"], 3);
  assertEquals(line["connect_ms"], 1);
  assertEquals(line["retries"], 2);
  assertEquals(line["reason"], "queue_full");
  assertEquals(line["cut"], "reset");
  assertEquals(line["referer"], "http://x/");
  assertEquals(line["protocol"], "HTTP/1.0");
});

Deno.test("JsonFormat.request() leaves out what there was none of", () => {
  const broken = parsed({
    client: undefined,
    method: "",
    upstream: undefined,
    requestId: undefined,
    userAgent: undefined,
  });

  assertEquals(Object.keys(broken), [
    "time",
    "listener",
    "status",
    "bytes_in",
    "bytes_out",
    "duration_ms",
  ]);
});

Deno.test("JsonFormat.request() says what a sampled line stands for", () => {
  assertEquals(parsed({}, 0.25)["sample"], 0.25);
  assertEquals("sample" in parsed({}, 1), false);
});

Deno.test("JsonFormat keeps backends of the same name in two upstreams apart", () => {
  const format = new JsonFormat("web");
  const upstreamOf = (upstream: string) =>
    JSON.parse(format.request(requestRecord({ upstream }), TIME_MS, 1)).upstream;

  assertEquals(["app", "api", "app"].map(upstreamOf), ["app", "api", "app"]);
});

Deno.test("JsonFormat.request() shows UTF-8 as its characters, and other bytes by number", () => {
  assertEquals(parsed({ userAgent: asBytes("évil 🦊") })["user_agent"], "évil 🦊");
  assertEquals(parsed({ userAgent: "\xff\xfe" })["user_agent"], "\xff\xfe");
});

Deno.test("JsonFormat.request() cuts a huge value, and says so", () => {
  for (
    const sent of ["x".repeat(9000), asBytes("🦊".repeat(2000)), `x${asBytes("🦊".repeat(2000))}`]
  ) {
    const { target } = parsed({ target: sent });

    assertMatch(String(target), /\.\.\.$/);
    assertEquals(String(target).length <= MAX_VALUE_LENGTH + 3, true);
    assertEquals(String(target).isWellFormed(), true);
  }
});

Deno.test("JsonFormat writes one line of visible ASCII, whatever a client sends", () => {
  const bytes = fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 60 })
    .map((codes) => String.fromCharCode(...codes));
  fc.assert(fc.property(bytes, bytes, bytes, (target, host, userAgent) => {
    const line = lineOf({ target, host, userAgent, requestId: target, referer: host });

    assertMatch(line, /^[ -~]+\n$/);
    assertEquals(JSON.parse(line).status, 200);
  }));
});

Deno.test("JsonFormat.connection() writes a connection in order", () => {
  assertEquals(
    new JsonFormat("tcp").connection(connectionRecord(), TIME_MS, 1),
    '{"time":"2026-11-21T09:00:00.123Z","listener":"tcp","client":"192.0.2.7:50000",' +
      '"upstream":"db","backend":"b0","bytes_in":10,"bytes_out":20,"connect_ms":0.500,' +
      '"duration_ms":1500.250,"end":"done"}\n',
  );
});
