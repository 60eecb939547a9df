import { type AmbiguousMessage, forwarded, post, SMUGGLED } from "./ambiguous_message.ts";
import { chunked } from "./http_wire.ts";

/** Bodies in chunks whose end is not sure. */
export const AMBIGUOUS_CHUNKS: readonly AmbiguousMessage[] = [
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
];
