import {
  type AmbiguousMessage,
  bad,
  CHUNKED_HELLO,
  forwarded,
  post,
  refused,
  show,
  SMUGGLED,
} from "./ambiguous_message.ts";
import { headOf } from "./http_wire.ts";

/** Framing fields that contradict each other or themselves, and line ends that hide them. */
export const AMBIGUOUS_FRAMING: readonly AmbiguousMessage[] = [
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
];
