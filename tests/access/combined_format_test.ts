import { assertEquals, assertMatch } from "@std/assert";
import * as fc from "fast-check";
import { CombinedFormat } from "../../lib/access/combined_format.ts";
import type { RequestRecord } from "../../lib/access/record.ts";
import { connectionRecord, requestRecord, TIME_MS } from "../support/access_records.ts";

function lineOf(changes: Partial<RequestRecord> = {}): string {
  return new CombinedFormat().request(requestRecord(changes), TIME_MS);
}

/** As readers of the format take a line apart. */
const COMBINED = /^(\S+) - - \[([^\]]+)\] "([^"]*)" (\d{3}) (\d+) "([^"]*)" "([^"]*)"\n$/;

Deno.test("CombinedFormat.request() writes what Apache and NGINX would, with the body's bytes", () => {
  assertEquals(
    lineOf({ referer: "http://x/" }),
    '192.0.2.7 - - [21/Nov/2026:09:00:00 +0000] "GET /a?b=c HTTP/1.1" 200 1000 "http://x/" "curl/8"\n',
  );
});

Deno.test("CombinedFormat.request() has dashes for what there was none of", () => {
  assertEquals(
    lineOf({ client: undefined, method: "", userAgent: undefined }),
    '- - - [21/Nov/2026:09:00:00 +0000] "-" 200 1000 "-" "-"\n',
  );
});

Deno.test("CombinedFormat.request() escapes quotes, backslashes and control bytes as NGINX does", () => {
  const [, , , request, , , , agent] = COMBINED.exec(
    lineOf({ target: '/a"b\\c', userAgent: "x\r\ny\x1b[31m\xe9" }),
  )!;

  assertEquals(request, "GET /a\\x22b\\x5Cc HTTP/1.1");
  assertEquals(agent, "x\\x0D\\x0Ay\\x1B[31m\\xE9");
});

Deno.test("CombinedFormat writes one line of seven parts, whatever a client sends", () => {
  const bytes = fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 60 })
    .map((codes) => String.fromCharCode(...codes));
  fc.assert(fc.property(bytes, bytes, bytes, (target, referer, userAgent) => {
    const line = lineOf({ target, referer, userAgent });

    assertMatch(line, /^[ -~]+\n$/);
    assertMatch(line, COMBINED);
  }));
});

Deno.test("CombinedFormat.connection() writes the basic format of NGINX for streams", () => {
  const lines = ["done", "no_backend", "queue_full", "aborted"].map((end) => {
    return new CombinedFormat().connection(connectionRecord({ end }), TIME_MS);
  });

  assertEquals(
    lines[0],
    "192.0.2.7:50000 [21/Nov/2026:09:00:00 +0000] TCP 200 20 10 1.500\n",
  );
  assertEquals(lines.map((line) => line.split(" ")[4]), ["200", "502", "503", "500"]);
});
