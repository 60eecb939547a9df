/** What the first bytes of a connection say. */
export type ClientHelloRead =
  /** They are the start of a ClientHello. */
  | { readonly kind: "more" }
  | ClientHello
  | { readonly kind: "not_tls"; readonly reason: string };

/** What a TLS client wants to talk to. */
export interface ClientHello {
  readonly kind: "hello";
  /** Lower case, without a dot at its end; absent: the client gave no name, or an IP address. */
  readonly serverName?: string;
  /** Protocols that it offers, as they came; one character a byte. */
  readonly alpn: readonly string[];
}

/**
 * The longest ClientHello that is read, as in HAProxy and NGINX. The usual ones have 250 to 600 bytes,
 * those with post-quantum keys 1.8 KiB.
 */
export const MAX_HELLO_BYTES = 16 * 1024;
/** The longest start of a connection that is read: the hello, and the heads of its records. */
export const MAX_PREFACE_BYTES = 2 * MAX_HELLO_BYTES;

/**
 * Finds the name and the protocols in a ClientHello (RFC 8446 section 4.1.2, the same in TLS 1.0 to
 * 1.3), which may be spread over any number of records and reads. Each byte is looked at once, and the
 * answer does not depend on how they were cut. Reads nothing behind the hello.
 */
export class ClientHelloReader {
  #seen = 0;
  /** Bytes of a record's head that have come. */
  readonly #head: number[] = [];
  /** Bytes of the record that are still to come. */
  #recordLeft = 0;
  #message: Uint8Array = new Uint8Array(512);
  #size = 0;
  #answer: ClientHelloRead = MORE;

  /** Takes the next bytes. What comes after an answer changes nothing. */
  push(bytes: Uint8Array): ClientHelloRead {
    try {
      for (let at = 0; at < bytes.length && this.#answer.kind === "more";) {
        at += this.#recordLeft === 0 ? this.#takeHead(bytes[at]!) : this.#takeBody(bytes, at);
      }
    } catch (error) {
      if (!(error instanceof NotTlsError)) throw error;
      this.#answer = { kind: "not_tls", reason: error.message };
    }
    return this.#answer;
  }

  /** RFC 8446 section 5.1: type, version, length. Told from its first wrong byte on. */
  #takeHead(byte: number): number {
    this.#count(1);
    const place = this.#head.push(byte);
    if (place === 1) assertTls(byte === HANDSHAKE, "no TLS handshake");
    if (place === 2) assertTls(byte === 3, "no TLS version");
    if (place < 5) return 1;
    this.#recordLeft = this.#head[3]! << 8 | this.#head[4]!;
    this.#head.length = 0;
    assertTls(this.#recordLeft > 0, "a record is empty");
    assertTls(this.#recordLeft <= MAX_RECORD_BYTES, "a record is too long");
    return 1;
  }

  #takeBody(bytes: Uint8Array, start: number): number {
    const length = Math.min(this.#recordLeft, bytes.length - start, this.#wanted() - this.#size);
    this.#append(bytes.subarray(start, start + length));
    this.#recordLeft -= length;
    this.#count(length);
    if (this.#size >= 1) assertTls(this.#message[0] === CLIENT_HELLO, "no ClientHello");
    if (this.#size >= 4) assertTls(this.#wanted() <= MAX_HELLO_BYTES, "ClientHello is too long");
    if (this.#size >= 4 && this.#size === this.#wanted()) {
      this.#answer = parseHello(this.#message.subarray(4, this.#size));
    }
    return length;
  }

  /** Bytes of the message, as far as is known. */
  #wanted(): number {
    if (this.#size < 4) return 4;
    return 4 + (this.#message[1]! << 16 | this.#message[2]! << 8 | this.#message[3]!);
  }

  #append(bytes: Uint8Array): void {
    if (this.#size + bytes.length > this.#message.length) {
      const larger = new Uint8Array(2 * (this.#size + bytes.length));
      larger.set(this.#message.subarray(0, this.#size));
      this.#message = larger;
    }
    this.#message.set(bytes, this.#size);
    this.#size += bytes.length;
  }

  #count(bytes: number): void {
    this.#seen += bytes;
    assertTls(this.#seen <= MAX_PREFACE_BYTES, "ClientHello has too many records");
  }
}

const MORE: ClientHelloRead = { kind: "more" };
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const MAX_RECORD_BYTES = 16 * 1024;

class NotTlsError extends Error {}

function assertTls(holds: boolean, reason: string): asserts holds {
  if (!holds) throw new NotTlsError(reason);
}

/** Bytes that are read from front to back; nothing beyond their end is ever read. */
class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  number(width: 1 | 2): number {
    return this.take(width).reduce((value, byte) => value << 8 | byte, 0);
  }

  take(length: number): Uint8Array {
    assertTls(length <= this.#bytes.length - this.#at, "a length in the ClientHello is wrong");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** A part that its length stands before. */
  part(width: 1 | 2): Cursor {
    return new Cursor(this.take(this.number(width)));
  }

  text(): string {
    return String.fromCharCode(...this.take(this.#bytes.length - this.#at));
  }
}

function parseHello(message: Uint8Array): ClientHelloRead {
  const hello = new Cursor(message);
  assertTls(hello.number(2) >> 8 === 3, "no TLS version");
  hello.take(RANDOM_BYTES);
  hello.part(1); // Session.
  hello.part(2); // Ciphers.
  hello.part(1); // Compression.
  const extensions = hello.isAtEnd ? hello : hello.part(2);
  assertTls(hello.isAtEnd, "a length in the ClientHello is wrong");
  let names: Cursor | undefined;
  let protocols: Cursor | undefined;
  while (!extensions.isAtEnd) {
    const type = extensions.number(2);
    const content = extensions.part(2);
    // RFC 8446 section 4.2: two of a type are an error, and whose name would count?
    assertTls(type !== SERVER_NAME || names === undefined, "two lists of names");
    assertTls(type !== ALPN || protocols === undefined, "two lists of protocols");
    if (type === SERVER_NAME) names = content;
    if (type === ALPN) protocols = content;
  }
  const serverName = names && readName(names);
  const alpn = protocols === undefined ? [] : readProtocols(protocols);
  return { kind: "hello", ...(serverName === undefined ? {} : { serverName }), alpn };
}

const RANDOM_BYTES = 32;
const SERVER_NAME = 0;
const ALPN = 16;
/** Type of a name in the list of names. */
const HOST_NAME = 0;

/** RFC 6066 section 3. */
function readName(content: Cursor): string | undefined {
  const list = wholeList(content);
  let name: string | undefined;
  while (!list.isAtEnd) {
    const type = list.number(1);
    const value = list.part(2);
    if (type === HOST_NAME) name ??= value.text();
  }
  return name === undefined ? undefined : normalizeName(name);
}

/** RFC 7301 section 3.1. */
function readProtocols(content: Cursor): string[] {
  const list = wholeList(content);
  const protocols: string[] = [];
  while (!list.isAtEnd) {
    const protocol = list.part(1).text();
    assertTls(protocol !== "", "a protocol has no name");
    protocols.push(protocol);
  }
  return protocols;
}

/** The one list that an extension consists of; it must not be empty. */
function wholeList(content: Cursor): Cursor {
  const list = content.part(2);
  assertTls(content.isAtEnd && !list.isAtEnd, "a length in the ClientHello is wrong");
  return list;
}

/**
 * A name with other bytes than those of host names is refused rather than passed over: a server behind
 * may read another name in it. An IP address is no host name (RFC 6066 section 3), and as good as none.
 */
function normalizeName(name: string): string | undefined {
  if (/^[\d.]+$|^\[?[\da-f.]*:[\da-f:.]*\]?$/i.test(name)) return undefined;
  const isName = name.length <= 255 && /^[\w-]{1,63}(\.[\w-]{1,63})*\.?$/.test(name);
  assertTls(isName, "the server's name is no name of a host");
  return name.toLowerCase().replace(/\.$/, "");
}
