import { chunked, headOf } from "./http_wire.ts";

/** What has to come of an ambiguous or malformed message. */
export type Verdict =
  /** Refused with this status, and nothing of it reaches a backend as a request. */
  | { readonly status: number }
  /** Exactly one request reaches a backend, with this body. */
  | { readonly body: string };

/** A message that two readers could understand differently. */
export interface AmbiguousMessage {
  readonly name: string;
  readonly bytes: string;
  readonly verdict: Verdict;
}

/** What an attacker would put behind the end that he wants the backend to see. */
const SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
const CHUNKED_HELLO = chunked(["hello"]);

/** Messages with two ends, or with none that is sure. */
export const AMBIGUOUS: readonly AmbiguousMessage[] = [
  // Both framings, and each of them twice.
  post("Content-Length and Transfer-Encoding", [
    "Content-Length: 5",
    "Transfer-Encoding: chunked",
  ], CHUNKED_HELLO),
  post("Transfer-Encoding and Content-Length", [
    "Transfer-Encoding: chunked",
    "Content-Length: 5",
  ], CHUNKED_HELLO),
  post("Content-Length: 0 and Transfer-Encoding", [
    "Content-Length: 0",
    "Transfer-Encoding: chunked",
  ], CHUNKED_HELLO),
  post("Content-Length twice, equal", ["Content-Length: 5", "Content-Length: 5"]),
  post("Content-Length twice, different", ["Content-Length: 5", "Content-Length: 0"]),
  post("Content-Length twice, in two spellings", ["Content-Length: 5", "content-length: 05"]),
  post("Content-Length as a list, equal", ["Content-Length: 5, 5"]),
  post("Content-Length as a list, different", ["Content-Length: 5, 0"]),
  post("Transfer-Encoding twice", ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"]),
  post("Transfer-Encoding twice, one unknown", [
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: x",
  ], CHUNKED_HELLO),

  // Lengths that are no numbers.
  ...[
    "+5",
    "-5",
    "-0",
    "0x5",
    "5 5",
    "",
    "5;",
    "5.0",
    "5e0",
    '"5"',
    "5\x0b",
    "\x0c5",
    "5_0",
    "99999999999999999999",
    "9007199254740992",
    "18446744073709551621",
    "\xb25",
  ].map((value) => post(`Content-Length: ${show(value)}`, [`Content-Length: ${value}`])),

  // Names that only look like framing fields.
  post("space before the colon of Content-Length", ["Content-Length : 5"]),
  post("tab before the colon of Content-Length", ["Content-Length\t: 5"]),
  post("space before the colon of Transfer-Encoding", ["Transfer-Encoding : chunked"]),
  post("NUL in a name", ["Content-Length\0: 5"]),
  post("vertical tab in a name", ["Content-Length\x0b: 5"]),
  post("space in a name", ["Content Length: 5"]),
  post("space before the first field", [" Content-Length: 5"]),
  post("tab before a field", ["X: 1", "\tContent-Length: 5"]),
  post("a field without a colon", ["Content-Length 5"]),
  post("a field without a name", [": 5"]),
  post("a bracket in a name", ["[Content-Length]: 5"]),
  post("a letter beyond ASCII in a name", ["Content-Length\xe9: 5"]),

  // Transfer codings.
  ...[
    "xchunked",
    "chunkedx",
    "chunked, chunked",
    "chunked, identity",
    "identity",
    "identity, chunked",
    '"chunked"',
    "chunked;q=1",
    "\tchunked",
    "chunked\t",
    " chunked ",
    "\x0bchunked",
    "chunked\0",
    ",chunked",
    "chunked,",
    "",
    "ch\xfcnked",
    "hunked",
  ].map((value) =>
    post(`Transfer-Encoding: ${show(value)}`, [`Transfer-Encoding: ${value}`], CHUNKED_HELLO)
  ),
  refused("gzip under chunked", 501, "Transfer-Encoding: gzip, chunked", CHUNKED_HELLO),
  forwarded("Transfer-Encoding in capitals", "Transfer-Encoding: CHUNKED", CHUNKED_HELLO, "hello"),
  {
    name: "Transfer-Encoding in HTTP/1.0",
    bytes: headOf("POST / HTTP/1.0", "Host: a", "Transfer-Encoding: chunked") + CHUNKED_HELLO,
    verdict: { status: 400 },
  },
  {
    name: "Transfer-Encoding in HTTP/1.0 with keep-alive",
    bytes: headOf(
      "POST / HTTP/1.0",
      "Host: a",
      "Connection: keep-alive",
      "Transfer-Encoding: chunked",
      "Content-Length: 5",
    ) + CHUNKED_HELLO + SMUGGLED,
    verdict: { status: 400 },
  },

  // Line ends.
  bad("bare LF everywhere", "POST / HTTP/1.1\nHost: a\nContent-Length: 5\n\nhello"),
  bad("bare LF after one field", "POST / HTTP/1.1\r\nHost: a\nContent-Length: 5\r\n\r\nhello"),
  bad(
    "bare LF after the request line",
    "POST / HTTP/1.1\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
  ),
  bad("bare LF as empty line", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\nhello"),
  bad("LF CR LF as end", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\n\r\nhello"),
  bad("CR CR LF", "POST / HTTP/1.1\r\nHost: a\r\r\nContent-Length: 5\r\n\r\nhello"),
  bad("bare CR in a value", "POST / HTTP/1.1\r\nHost: a\r\nX: a\rContent-Length: 5\r\n\r\nhello"),
  bad("CR before a name", "POST / HTTP/1.1\r\nHost: a\r\n\rContent-Length: 5\r\n\r\nhello"),
  bad("NUL in a value", "POST / HTTP/1.1\r\nHost: a\r\nX: \0\r\nContent-Length: 5\r\n\r\nhello"),
  bad("DEL in a value", "POST / HTTP/1.1\r\nHost: a\r\nX: \x7f\r\nContent-Length: 5\r\n\r\nhello"),
  bad("ESC in a value", "POST / HTTP/1.1\r\nHost: a\r\nX: \x1b\r\nContent-Length: 5\r\n\r\nhello"),
  post("obs-fold of another field", ["X: 1", " 2", "Content-Length: 5"]),
  post("obs-fold of Transfer-Encoding", ["Transfer-Encoding:", " chunked"], CHUNKED_HELLO),
  post("obs-fold of Content-Length", ["Content-Length:", "\t5"]),
  post("obs-fold with nothing", ["X: 1", " ", "Content-Length: 5"]),

  // Chunks.
  ...([
    ["bare LF after the size", "5\nhello\r\n0\r\n\r\n"],
    ["bare LF after the data", "5\r\nhello\n0\r\n\r\n"],
    ["bare LF everywhere", "5\nhello\n0\n\n"],
    ["bare CR after the size", "5\rhello\r\n0\r\n\r\n"],
    ["bare CR after the data", "5\r\nhello\rX0\r\n\r\n"],
    ["bare LF in an extension", "5;a\nb\r\nhello\r\n0\r\n\r\n"],
    ["bare CR in an extension", "5;a\rb\r\nhello\r\n0\r\n\r\n"],
    ["NUL in an extension", "5;\0\r\nhello\r\n0\r\n\r\n"],
    ["an extension without semicolon", "5 a\r\nhello\r\n0\r\n\r\n"],
    ["space before the size", " 5\r\nhello\r\n0\r\n\r\n"],
    ["space after the size", "5 \r\nhello\r\n0\r\n\r\n"],
    ["tab after the size", "5\t\r\nhello\r\n0\r\n\r\n"],
    ["a size with 0x", "0x5\r\nhello\r\n0\r\n\r\n"],
    ["a size with plus", "+5\r\nhello\r\n0\r\n\r\n"],
    ["a size with minus", "-5\r\nhello\r\n0\r\n\r\n"],
    ["no size", "\r\nhello\r\n0\r\n\r\n"],
    ["only an extension", ";a\r\nhello\r\n0\r\n\r\n"],
    ["a size that is no number", "G\r\nhello\r\n0\r\n\r\n"],
    ["a size over 64 bits", "10000000000000005\r\nhello\r\n0\r\n\r\n"],
    ["a size over 53 bits", "20000000000005\r\nhello\r\n0\r\n\r\n"],
    ["a size that is too small", "4\r\nhello\r\n0\r\n\r\n"],
    ["a size that is too large", "6\r\nhello\r\n0\r\n\r\n"],
    ["a chunk line over the limit", `5;${"a".repeat(5000)}\r\nhello\r\n0\r\n\r\n`],
    ["a trailer without colon", "5\r\nhello\r\n0\r\nX\r\n\r\n"],
    ["a trailer that is folded", "5\r\nhello\r\n0\r\nX: 1\r\n 2\r\n\r\n"],
    ["a trailer with space before its colon", "5\r\nhello\r\n0\r\nX : 1\r\n\r\n"],
    ["a trailer that ends in a bare LF", "5\r\nhello\r\n0\r\nX: 1\n\r\n"],
    ["Content-Length in the trailers", "5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n"],
    ["Transfer-Encoding in the trailers", "5\r\nhello\r\n0\r\nTransfer-Encoding: x\r\n\r\n"],
    ["Host in the trailers", "5\r\nhello\r\n0\r\nHost: b\r\n\r\n"],
    ["a last chunk with a bare LF", "5\r\nhello\r\n0\n\r\n"],
    ["an empty line with a bare LF", "5\r\nhello\r\n0\r\n\n"],
  ] as const).map(([what, body]) => post(`chunks: ${what}`, ["Transfer-Encoding: chunked"], body)),
  ...([
    ["extensions", '5;a;b=c;d="e;\\"f"\r\nhello\r\n0;x\r\n\r\n', "hello"],
    ["zeros before the size", "0005\r\nhello\r\n000\r\n\r\n", "hello"],
    ["capitals", `A\r\n${"0\r\n\r\nGET /"}\r\n0\r\n\r\n`, "0\r\n\r\nGET /"],
    ["a body that looks like a request", chunked([SMUGGLED]), SMUGGLED],
  ] as const).map(([what, body, expected]) =>
    forwarded(`chunks: ${what}`, "Transfer-Encoding: chunked", body, expected)
  ),

  // Host.
  bad("two Hosts", headOf("GET / HTTP/1.1", "Host: a", "Host: b")),
  bad("two Hosts, equal", headOf("GET / HTTP/1.1", "Host: a", "Host: a")),
  bad("no Host", headOf("GET / HTTP/1.1")),
  bad("an empty Host", headOf("GET / HTTP/1.1", "Host:")),
  bad("two names in Host", headOf("GET / HTTP/1.1", "Host: a, b")),
  bad("a path in Host", headOf("GET / HTTP/1.1", "Host: a/b")),
  bad("a user in Host", headOf("GET / HTTP/1.1", "Host: a@b")),
  bad("space in Host", headOf("GET / HTTP/1.1", "Host: a b")),
  bad("a quote in Host", headOf("GET / HTTP/1.1", 'Host: a";for=b')),
  bad("no port after the colons of Host", headOf("GET / HTTP/1.1", "Host: a:b")),
  bad("a port that is too large in Host", headOf("GET / HTTP/1.1", "Host: a:65536")),
  bad("absolute form against Host", headOf("GET http://b/ HTTP/1.1", "Host: a")),
  bad("absolute form with another port", headOf("GET http://a:81/ HTTP/1.1", "Host: a")),
  bad("absolute form with a user", headOf("GET http://a@b/ HTTP/1.1", "Host: b")),

  // Request lines.
  bad("two spaces after the method", headOf("GET  / HTTP/1.1", "Host: a")),
  bad("two spaces before the version", headOf("GET /  HTTP/1.1", "Host: a")),
  bad("a tab after the method", headOf("GET\t/ HTTP/1.1", "Host: a")),
  bad("a space before the method", headOf(" GET / HTTP/1.1", "Host: a")),
  bad("a space after the version", headOf("GET / HTTP/1.1 ", "Host: a")),
  bad("a space in the target", headOf("GET /a b HTTP/1.1", "Host: a")),
  bad("a control byte in the target", headOf("GET /\x01 HTTP/1.1", "Host: a")),
  bad("a CR in the target", headOf("GET /\rX HTTP/1.1", "Host: a")),
  bad("a byte beyond ASCII in the target", headOf("GET /\xe9 HTTP/1.1", "Host: a")),
  bad("a fragment in the target", headOf("GET /#x HTTP/1.1", "Host: a")),
  bad("a target that is no path", headOf("GET a HTTP/1.1", "Host: a")),
  bad("no target", headOf("GET HTTP/1.1", "Host: a")),
  bad("asterisk with GET", headOf("GET * HTTP/1.1", "Host: a")),
  bad("HTTP/0.9", "GET /\r\n\r\n"),
  bad("a version in small letters", headOf("GET / http/1.1", "Host: a")),
  bad("a version with two digits", headOf("GET / HTTP/1.10", "Host: a")),
  bad("a version with no digit", headOf("GET / HTTP/1.x", "Host: a")),
  bad("another protocol", headOf("GET / ICY/1.1", "Host: a")),
  bad("a bracket in the method", headOf("G(ET / HTTP/1.1", "Host: a")),
  bad("the start of TLS", "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\n\n"),
  bad("three empty lines before", `\r\n\r\n\r\n${headOf("GET / HTTP/1.1", "Host: a")}`),
  { ...bad("HTTP/2.0", headOf("GET / HTTP/2.0", "Host: a")), verdict: { status: 505 } },
  { ...bad("HTTP/1.2", headOf("GET / HTTP/1.2", "Host: a")), verdict: { status: 505 } },
  { ...bad("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), verdict: { status: 505 } },
  {
    ...bad("a method of 33 letters", headOf(`${"G".repeat(33)} / HTTP/1.1`, "Host: a")),
    verdict: { status: 501 },
  },
  {
    name: "one empty line before",
    bytes: `\r\n${headOf("POST / HTTP/1.1", "Host: a", "Content-Length: 5")}hello`,
    verdict: { body: "hello" },
  },

  // Connection options, expectations, tunnels.
  forwarded(
    "Connection lists Content-Length",
    [
      "Connection: content-length",
      "Content-Length: 5",
    ],
    "hello",
    "hello",
  ),
  forwarded(
    "Connection lists Transfer-Encoding",
    [
      "Connection: transfer-encoding",
      "Transfer-Encoding: chunked",
    ],
    CHUNKED_HELLO,
    "hello",
  ),
  forwarded(
    "Connection lists Host",
    [
      "Connection: host, keep-alive",
      "Content-Length: 5",
    ],
    "hello",
    "hello",
  ),
  post("Connection holds what is no token", ["Connection: a b", "Content-Length: 5"]),
  forwarded("zeros before Content-Length", "Content-Length: 0005", "hello", "hello"),
  forwarded("white space around Content-Length", "Content-Length: \t 5 \t", "hello", "hello"),
  forwarded(
    "an underscore for a hyphen",
    [
      "Content_Length: 50",
      "Transfer_Encoding: chunked",
      "Content-Length: 5",
    ],
    "hello",
    "hello",
  ),
  forwarded(
    "an upgrade to h2c",
    [
      "Connection: Upgrade, HTTP2-Settings",
      "Upgrade: h2c",
      "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
      "Content-Length: 5",
    ],
    "hello",
    "hello",
  ),
  refused(
    "an expectation that nobody knows",
    417,
    ["Expect: 200-ok", "Content-Length: 5"],
    "hello",
  ),
  {
    name: "CONNECT with a body",
    bytes: headOf("CONNECT a:80 HTTP/1.1", "Host: a:80", "Content-Length: 5") + "hello",
    verdict: { status: 400 },
  },
  {
    name: "CONNECT with a request behind it",
    bytes: headOf("CONNECT a:80 HTTP/1.1", "Host: a:80") + SMUGGLED,
    verdict: { status: 405 },
  },
  {
    name: "GET with a body",
    bytes: headOf("GET / HTTP/1.1", "Host: a", `Content-Length: ${SMUGGLED.length}`) + SMUGGLED,
    verdict: { body: SMUGGLED },
  },
];

/** Refused with 400, with a request smuggled in behind it. */
function bad(name: string, bytes: string): AmbiguousMessage {
  return { name, bytes: bytes + SMUGGLED, verdict: { status: 400 } };
}

/** A POST that is refused with 400. */
function post(name: string, fields: readonly string[], body = "hello"): AmbiguousMessage {
  return bad(name, headOf("POST / HTTP/1.1", "Host: a", ...fields) + body);
}

/** A POST that is refused with another status. */
function refused(
  name: string,
  status: number,
  fields: string | readonly string[],
  body: string,
): AmbiguousMessage {
  return { ...post(name, [fields].flat(), body), verdict: { status } };
}

/** A POST that goes on as one request. */
function forwarded(
  name: string,
  fields: string | readonly string[],
  sent: string,
  body: string,
): AmbiguousMessage {
  const bytes = headOf("POST / HTTP/1.1", "Host: a", ...[fields].flat()) + sent;
  return { name, bytes, verdict: { body } };
}

/** A name for reports: control characters escaped. */
function show(value: string): string {
  return JSON.stringify(value).slice(0, 40);
}
