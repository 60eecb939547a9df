import {
  type AmbiguousMessage,
  bad,
  CHUNKED_HELLO,
  forwarded,
  post,
  refused,
  SMUGGLED,
} from "./ambiguous_message.ts";
import { headOf } from "./http_wire.ts";

/** Request lines, hosts and connection options of more than one meaning. */
export const AMBIGUOUS_HEADS: readonly AmbiguousMessage[] = [
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
