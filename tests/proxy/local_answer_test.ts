import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { LbError } from "../../lib/core/errors.ts";
import { ExchangeError, type ExchangeFault } from "../../lib/proxy/exchange_error.ts";
import {
  answerTo,
  answerToNone,
  attemptFailure,
  outcomeOf,
  statusFault,
} from "../../lib/proxy/exchange_outcome.ts";
import {
  type AnswerForm,
  type LocalAnswer,
  writeLocalAnswer,
} from "../../lib/proxy/local_answer.ts";
import { textOf } from "../support/memory_http.ts";

const FORM: AnswerForm = { isHead: false, accept: undefined, keepAlive: true, isOld: false };

function write(answer: LocalAnswer, form: Partial<AnswerForm> = {}): [head: string, body: string] {
  const text = textOf(writeLocalAnswer(answer, { ...FORM, ...form }));
  const end = text.indexOf("\r\n\r\n") + 4;
  return [text.slice(0, end), text.slice(end)];
}

Deno.test("writeLocalAnswer() writes its body as the request's Accept wants it", () => {
  const answer = { status: 503, reason: "no_backend" };
  const cases = [
    [undefined, "text/plain; charset=utf-8", "503 Service Unavailable: no_backend\n"],
    ["*/*", "text/plain; charset=utf-8", "503 Service Unavailable: no_backend\n"],
    [
      "application/problem+JSON",
      "application/json",
      '{"status":503,"error":"Service Unavailable","reason":"no_backend"}\n',
    ],
    [
      "text/HTML,*/*",
      "text/html; charset=utf-8",
      "<!doctype html><title>503 Service Unavailable</title><h1>503 Service Unavailable</h1>" +
      "<p>no_backend</p>\n",
    ],
  ] as const;

  for (const [accept, contentType, body] of cases) {
    const [head, written] = write(answer, { accept });

    assertEquals(written, body);
    assertStringIncludes(head, `\r\nContent-Type: ${contentType}\r\n`);
    assertStringIncludes(head, `\r\nContent-Length: ${body.length}\r\n`);
    assertStringIncludes(head, "\r\nX-Weir-Reason: no_backend\r\n");
    assertStringIncludes(head, "\r\nRetry-After: 1\r\n");
  }
});

Deno.test("writeLocalAnswer() shows nothing of what a client wrote", () => {
  const [head, body] = write({ status: 404, reason: "no_route" }, { accept: "html<script>" });

  assert(!`${head}${body}`.includes("script"));
});

Deno.test("writeLocalAnswer() tells HEAD the length and sends no body", () => {
  const [head, body] = write({ status: 404, reason: "no_route" });

  assertEquals(write({ status: 404, reason: "no_route" }, { isHead: true }), [head, ""]);
  assertEquals(body, "404 Not Found: no_route\n");
});

Deno.test("writeLocalAnswer() counts the length in bytes", () => {
  const body = { text: "größer €", contentType: "text/plain" };

  const [head, written] = write({ status: 200, reason: "route", body });

  assertEquals(written.length, new TextEncoder().encode(body.text).length);
  assertStringIncludes(head, `Content-Length: ${written.length}\r\n`);
});

Deno.test("writeLocalAnswer() says what becomes of the connection", () => {
  const answer = { status: 404, reason: "no_route" };
  const of = (form: Partial<AnswerForm>) => /Connection: (.*)\r/.exec(write(answer, form)[0])?.[1];

  assertEquals(of({}), undefined);
  assertEquals(of({ isOld: true }), "keep-alive");
  assertEquals(of({ keepAlive: false }), "close");
  assertEquals(of({ keepAlive: false, isOld: true }), "close");
});

Deno.test("writeLocalAnswer() sends no content with a status that has none", () => {
  for (const status of [204, 304]) {
    const body = { text: "HTTP/1.1 200 OK\r\n\r\n", contentType: "text/plain" };

    const [head, written] = write({ status, reason: "route", body });

    assertEquals(written, "");
    assert(!/content-length|content-type/i.test(head), head);
  }
});

Deno.test("writeLocalAnswer() writes fields of any length", () => {
  const location = `/${"a".repeat(20_000)}`;
  const answer: LocalAnswer = {
    status: 308,
    reason: "redirect",
    fields: [["Location", location]],
  };

  for (const isHead of [false, true]) {
    const [head, body] = write(answer, { isHead });

    assertStringIncludes(head, `\r\nLocation: ${location}\r\n`);
    assertEquals(body, isHead ? "" : "308 Permanent Redirect: redirect\n");
  }
});

Deno.test("writeLocalAnswer() lets no value end its field", () => {
  const at = (value: string): LocalAnswer[] => [
    { status: 308, reason: "redirect", fields: [["Location", value]] },
    { status: 308, reason: value },
    { status: 200, reason: "route", body: { text: "x", contentType: value } },
  ];

  for (const value of ["a\r\nSet-Cookie: b", "a\nb", "a\rb", "a\0b", "a\u0100\u010a"]) {
    for (const answer of at(value)) assertThrows(() => write(answer), TypeError);
  }
});

Deno.test("answerTo() knows every fault", () => {
  const cases: [ExchangeFault, number, string][] = [
    ["connect", 502, "connect_failed"],
    ["connect_timeout", 504, "timeout"],
    ["pool_exhausted", 503, "pool_exhausted"],
    ["reset", 502, "upstream_reset"],
    ["timeout", 504, "timeout"],
    ["bad_response", 502, "bad_response"],
    ["status_502", 502, "upstream_status"],
    ["status_503", 503, "upstream_status"],
    ["status_504", 504, "upstream_status"],
    ["client", 400, "client_closed"],
    ["client_timeout", 408, "body_timeout"],
  ];

  for (const [fault, status, reason] of cases) {
    assertEquals(answerTo(new ExchangeError(fault, "")), { status, reason });
  }
});

Deno.test("answerToNone() tells of a failure, of overload, of who is held off, in that order", () => {
  const failure = new ExchangeError("reset", "");
  const reasons = [
    answerToNone({ failure, overload: "queue_full", refusal: "circuit_open" }),
    answerToNone({ failure: undefined, overload: "queue_full", refusal: "circuit_open" }),
    answerToNone({ failure: undefined, overload: undefined, refusal: "circuit_open" }),
    answerToNone({ failure: undefined, overload: undefined, refusal: undefined }),
  ];

  assertEquals(reasons, [
    { status: 502, reason: "upstream_reset" },
    { status: 503, reason: "queue_full" },
    { status: 503, reason: "circuit_open" },
    { status: 503, reason: "no_backend" },
  ]);
});

Deno.test("attemptFailure() gives no retry to faults of clients and to nonsense", () => {
  const failures = (["client", "client_timeout", "bad_response"] as const).map((fault) =>
    attemptFailure(new ExchangeError(fault, ""))
  );

  assertEquals(failures, [undefined, undefined, undefined]);
  assertEquals([502, 503, 504, 505, 599].map(statusFault), [
    "status_502",
    "status_503",
    "status_504",
    "status_502",
    "status_502",
  ]);
});

Deno.test("outcomeOf() blames the backend for what the backend did, and for nothing else", () => {
  const code = (fault: ExchangeFault, cause?: LbError) => {
    const outcome = outcomeOf(new ExchangeError(fault, "", cause));
    return outcome.kind === "failure" ? outcome.error.code : outcome.kind;
  };
  const refused = new LbError("connect_refused", "", { side: "upstream" });
  const outOfSockets = new LbError("out_of_sockets", "", { side: "internal" });

  assertEquals(code("connect", refused), "connect_refused");
  assertEquals(code("connect", outOfSockets), "ignored");
  for (const fault of ["reset", "bad_response", "status_502", "status_503"] as const) {
    assertEquals(code(fault), "upstream_reset");
  }
  assertEquals(code("timeout"), "upstream_timeout");
  for (const fault of ["client", "client_timeout", "pool_exhausted"] as const) {
    assertEquals(code(fault), "ignored");
  }
});
