import { assertEquals, assertLess } from "@std/assert";
import fc from "fast-check";
import {
  type ClientHelloRead,
  ClientHelloReader,
  MAX_HELLO_BYTES,
  MAX_PREFACE_BYTES,
} from "../../lib/net/client_hello.ts";
import {
  CAPTURED_HELLOS,
  helloBody,
  type HelloParts,
  inRecords,
  nameList,
  protocolList,
  sized,
} from "../support/hellos.ts";

const SEEDED = { seed: 20_261_121, numRuns: 2_000 };
const read = (bytes: Uint8Array) => new ClientHelloReader().push(bytes);
const readParts = (parts: HelloParts) => read(inRecords(helloBody(parts)));
const named = (...names: string[]) => readParts({ names: names.map((name) => [0, name] as const) });

/** The answer to bytes that come in parts: of these lengths in turn. */
function readInParts(bytes: Uint8Array, lengths: readonly number[]): ClientHelloRead {
  const reader = new ClientHelloReader();
  let answer = reader.push(new Uint8Array());
  let turn = 0;
  for (let at = 0; at < bytes.length;) {
    const length = lengths[turn++ % lengths.length] ?? 1;
    answer = reader.push(bytes.subarray(at, at + length));
    at += length;
  }
  return answer;
}

for (const { client, base64, serverName, alpn } of CAPTURED_HELLOS) {
  const bytes = Uint8Array.fromBase64(base64);
  const expected = { kind: "hello", ...(serverName && { serverName }), alpn };

  Deno.test(`ClientHelloReader reads the hello of ${client}`, () => {
    assertEquals(read(bytes), expected as ClientHelloRead);
  });

  Deno.test(`ClientHelloReader asks for more before every byte of the hello of ${client}`, () => {
    const reader = new ClientHelloReader();
    const answers = Array.from(bytes, (byte) => reader.push(Uint8Array.of(byte)).kind);

    assertEquals(answers.indexOf("hello"), bytes.length - 1);
    assertEquals(answers.slice(0, -1).every((kind) => kind === "more"), true);
  });

  Deno.test(`ClientHelloReader never throws at a changed hello of ${client}`, () => {
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
    const lengths = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 4 }),
        fc.nat(40),
        lengths,
        (changes, cut, parts) => {
          const changed = bytes.slice(0, bytes.length - cut);
          for (const [at, byte] of changes) if (at < changed.length) changed[at] = byte;

          assertEquals(readInParts(changed, parts), read(changed));
        },
      ),
      SEEDED,
    );
  });
}

Deno.test("ClientHelloReader never throws at noise behind a record's head", () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), lengths, (noise, parts) => {
      const framed = inRecords([...noise]);

      assertEquals(readInParts(noise, parts), read(noise));
      assertEquals(readInParts(framed, parts), read(framed));
    }),
    SEEDED,
  );
});

Deno.test("ClientHelloReader gives one answer however many records and reads a hello takes", () => {
  const name = fc.stringMatching(/^[a-z0-9]{1,20}(\.[a-z0-9]{1,20}){0,3}\.[a-z]{2,5}$/);
  const size = fc.integer({ min: 1, max: 600 });
  const lengths = fc.array(size, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(name, size, lengths, (serverName, recordBytes, parts) => {
      const body = helloBody({ names: [[0, serverName]], alpn: ["h2"], before: [[0x1a1a, [0]]] });

      const answer = readInParts(inRecords(body, recordBytes), parts);

      assertEquals(answer, { kind: "hello", serverName, alpn: ["h2"] });
    }),
    SEEDED,
  );
});

Deno.test("ClientHelloReader reads nothing behind the hello", () => {
  const hello = inRecords(helloBody({ names: [[0, "a.example"]] }));
  const more = Uint8Array.of(...hello, 0, 1, 2, 3);

  assertEquals(read(more), read(hello));
});

const NAMES: readonly [what: string, names: string[], serverName: string | undefined][] = [
  ["a name in upper case", ["API.Example.COM"], "api.example.com"],
  ["a name with a dot at its end", ["example.com."], "example.com"],
  ["an underscore", ["_sip.example.com"], "_sip.example.com"],
  ["a name of Punycode", ["xn--bcher-kva.example"], "xn--bcher-kva.example"],
  ["the first of several names", ["one.example", "two.example"], "one.example"],
  ["an IPv4 address as no name", ["192.0.2.1"], undefined],
  ["an IPv6 address as no name", ["2001:db8::1"], undefined],
  ["an IPv6 address in brackets as no name", ["[::ffff:192.0.2.1]"], undefined],
];

for (const [what, names, serverName] of NAMES) {
  Deno.test(`ClientHelloReader takes ${what}`, () => {
    assertEquals(named(...names), { kind: "hello", ...(serverName && { serverName }), alpn: [] });
  });
}

const BAD_NAMES: readonly [what: string, name: string][] = [
  ["no characters", ""],
  ["a NUL", "good.example\0.evil.example"],
  ["a byte beyond ASCII", "b\u00fccher.example"],
  ["a space", "a b.example"],
  ["a slash", "a/b.example"],
  ["an empty label", "a..example"],
  ["a dot alone", ".x"],
  ["a wildcard", "*.example"],
  ["a line end", "a.example\n"],
  ["more than 255 characters", `${"a.".repeat(140)}example`],
];

for (const [what, name] of BAD_NAMES) {
  Deno.test(`ClientHelloReader refuses a name with ${what}`, () => {
    const reason = "the server's name is no name of a host";
    assertEquals(named(name), { kind: "not_tls", reason });
  });
}

Deno.test("ClientHelloReader passes over names of other types and unknown extensions", () => {
  const answer = readParts({
    names: [[7, "\x00\xff"], [0, "a.example"]],
    before: [[0x0a0a, []], [0x0a0a, [0]]],
    after: [[0xfafa, [1, 2, 3]]],
  });

  assertEquals(answer, { kind: "hello", serverName: "a.example", alpn: [] });
});

Deno.test("ClientHelloReader reads a hello without extensions, as old clients send it", () => {
  const body = helloBody({}).slice(0, -2);

  assertEquals(read(inRecords(body)), { kind: "hello", alpn: [] });
});

const LENGTH = "a length in the ClientHello is wrong";
const REFUSED: readonly [what: string, bytes: Uint8Array, reason: string][] = [
  ["HTTP", new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"), "no TLS handshake"],
  ["a hello of SSL 2", Uint8Array.of(0x80, 0x2e, 1, 3, 1), "no TLS handshake"],
  ["another version of records", Uint8Array.of(22, 2), "no TLS version"],
  ["an empty record", Uint8Array.of(22, 3, 1, 0, 0), "a record is empty"],
  ["a record that is too long", Uint8Array.of(22, 3, 1, 0x40, 1), "a record is too long"],
  ["another message", Uint8Array.of(22, 3, 1, 0, 9, 2), "no ClientHello"],
  [
    "a hello that says it is too long",
    Uint8Array.of(22, 3, 1, 0, 9, 1, 0, 0x40, 1),
    "ClientHello is too long",
  ],
  [
    "another record in the middle of a hello",
    Uint8Array.of(22, 3, 1, 0, 5, 1, 0, 1, 0, 3, 23, 3, 3),
    "no TLS handshake",
  ],
  ["an empty hello", inRecords([]), LENGTH],
  ["another version of hellos", inRecords([2, ...helloBody({}).slice(1)]), "no TLS version"],
  ["bytes behind the extensions", inRecords([...helloBody({}), 0]), LENGTH],
  ["two lists of names", twice(nameList([[0, "a.example"]])), "two lists of names"],
  ["two lists of protocols", twice(protocolList(["h2"])), "two lists of protocols"],
  ["an empty list of names", extension(0, [0, 0]), LENGTH],
  ["an extension for names with nothing in it", extension(0, []), LENGTH],
  ["a list of names that is longer than it says", extension(0, [0, 3, 0, 0, 0, 9]), LENGTH],
  ["a name that is longer than its list", extension(0, sized(2, [0, 0, 9, 65])), LENGTH],
  ["an empty protocol", extension(16, sized(2, [0])), "a protocol has no name"],
  ["a protocol that is longer than its list", extension(16, sized(2, [9, 65])), LENGTH],
];

for (const [what, bytes, reason] of REFUSED) {
  Deno.test(`ClientHelloReader refuses ${what}`, () => {
    assertEquals(read(bytes), { kind: "not_tls", reason });
  });
}

Deno.test("ClientHelloReader takes the longest hello, and none longer", () => {
  const content = (size: number) => new Array<number>(size).fill(0);
  const rest = helloBody({ after: [[21, []]] }).length;
  const fitting = inRecords(helloBody({ after: [[21, content(MAX_HELLO_BYTES - 4 - rest)]] }));
  const longer = inRecords(helloBody({ after: [[21, content(MAX_HELLO_BYTES - 3 - rest)]] }));

  assertEquals(read(fitting), { kind: "hello", alpn: [] });
  assertEquals(read(longer), { kind: "not_tls", reason: "ClientHello is too long" });
});

Deno.test("ClientHelloReader refuses a hello that is mostly heads of records", () => {
  const body = helloBody({ after: [[21, new Array<number>(10_000).fill(0)]] });
  const bytes = inRecords(body, 1);

  assertEquals(bytes.length > MAX_PREFACE_BYTES, true);
  assertEquals(read(bytes), { kind: "not_tls", reason: "ClientHello has too many records" });
  assertEquals(read(bytes.subarray(0, MAX_PREFACE_BYTES)), { kind: "more" });
});

Deno.test("ClientHelloReader takes a hello byte by byte in time that grows as its length", () => {
  const body = helloBody({ after: [[21, new Array<number>(16_000).fill(0)]] });
  const bytes = inRecords(body);
  const elapsed = () => {
    const startMs = performance.now();
    readInParts(bytes, [1]);
    return performance.now() - startMs;
  };

  // A look at everything before for each byte is 128 million steps: half a second at best.
  assertLess(Math.min(elapsed(), elapsed(), elapsed()), 150);
});

function twice(extension: ReturnType<typeof nameList>): Uint8Array {
  return inRecords(helloBody({ before: [extension], after: [extension] }));
}

function extension(type: number, content: readonly number[]): Uint8Array {
  return inRecords(helloBody({ after: [[type, content]] }));
}
