import { within } from "./wait.ts";

/** How the end of a body was known. */
export type BodyEnd = "none" | "length" | "chunked" | "until_close";

/** One HTTP message as it came over a socket; each byte is one character. */
export interface Message {
  /** Request line or status line. */
  readonly line: string;
  /** Names and values in order; white space around values is gone. */
  readonly fields: Fields;
  /** Without its chunk framing. */
  readonly body: string;
  readonly bodyEnd: BodyEnd;
  /** Data of each chunk. */
  readonly chunks: readonly string[];
  readonly trailers: Fields;
}

/** The part of a message before its body. */
export type Head = Pick<Message, "line" | "fields">;

type Fields = readonly (readonly [name: string, value: string])[];

/** Every value of a field. */
export function valuesOf({ fields }: Head, name: string): string[] {
  const lower = name.toLowerCase();
  return fields.filter(([other]) => other.toLowerCase() === lower).map(([, value]) => value);
}

/** The value of a field; `undefined` when it is not there. @throws {Error} when it is there twice */
export function valueOf(head: Head, name: string): string | undefined {
  const values = valuesOf(head, name);
  if (values.length > 1) throw new Error(`Cannot read "${name}": there are ${values.length}`);
  return values[0];
}

/** Status of an answer. */
export function statusOf({ line }: Head): number {
  const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(line) ?? [];
  if (status === undefined) throw new Error(`Cannot read status line "${line}"`);
  return Number(status);
}

/** How a connection ended: with FIN, or with RST. */
export type End = "ended" | "reset";

/**
 * Reads HTTP messages off a connection by rules of the tests' own: what Weir sends must be beyond
 * any doubt, so that everything else than the plainest form is an error here.
 */
export class Wire {
  readonly conn: Deno.Conn;
  /** Everything that came. */
  received = "";
  #taken = 0;
  readonly #buffer = new Uint8Array(16 * 1024);

  constructor(conn: Deno.Conn) {
    this.conn = conn;
  }

  /** What came and was not taken yet. */
  get rest(): string {
    return this.received.slice(this.#taken);
  }

  /** Writes everything, one byte per character. */
  async send(text: string): Promise<void> {
    const bytes = toBytes(text);
    for (let done = 0; done < bytes.length;) {
      done += await within("a write", this.conn.write(bytes.subarray(done)));
    }
  }

  /** A head, or `undefined` when input ends before its first byte. */
  async readHead(): Promise<Head | undefined> {
    while (!this.rest.includes("\r\n\r\n")) {
      if (await this.#fill()) continue;
      if (this.rest === "") return undefined;
      throw this.#tooShort("a head");
    }
    return parseHead(this.#take(this.rest.indexOf("\r\n\r\n") + 4));
  }

  /** A whole request, or `undefined` when input ends before its first byte. */
  async readRequest(): Promise<Message | undefined> {
    const head = await this.readHead();
    return head && await this.readBody(head, "none");
  }

  /** A whole answer. */
  async readAnswer(method = "GET"): Promise<Message> {
    const head = await this.readHead();
    if (head === undefined) throw this.#tooShort("an answer");
    const status = statusOf(head);
    const isBare = method === "HEAD" || status < 200 || status === 204 || status === 304;
    if (isBare) return { ...head, body: "", bodyEnd: "none", chunks: [], trailers: [] };
    return await this.readBody(head, "until_close");
  }

  /** What follows `head`; `otherwise` is how a body without framing fields ends. */
  async readBody(head: Head, otherwise: "none" | "until_close"): Promise<Message> {
    const length = valueOf(head, "content-length");
    const coding = valueOf(head, "transfer-encoding");
    if (length !== undefined && coding !== undefined) throw new Error("Cannot read: two framings");
    if (coding !== undefined) return await this.#readChunked(head, coding);
    if (length !== undefined) {
      if (!/^(0|[1-9]\d*)$/.test(length)) throw new Error(`Cannot read length "${length}"`);
      const body = await this.readExactly(Number(length));
      return { ...head, body, bodyEnd: "length", chunks: [], trailers: [] };
    }
    const body = otherwise === "none" ? "" : await this.#readToEnd();
    return { ...head, body, bodyEnd: otherwise, chunks: [], trailers: [] };
  }

  /** The data of one chunk; empty for the last one, whose trailer section is still to come. */
  async readChunk(): Promise<string> {
    const line = await this.#readLine();
    if (!/^(0|[1-9a-f][0-9a-f]*)$/i.test(line)) throw new Error(`Cannot read chunk "${line}"`);
    const size = parseInt(line, 16);
    if (size === 0) return "";
    const data = await this.readExactly(size);
    if (await this.readExactly(2) !== "\r\n") throw new Error("Cannot read chunk: no CRLF");
    return data;
  }

  async readExactly(length: number): Promise<string> {
    while (this.received.length - this.#taken < length) {
      if (!(await this.#fill())) throw this.#tooShort(`${length} bytes`);
    }
    return this.#take(length);
  }

  /** Reads and drops until the end; what comes is in `received`. */
  async end(): Promise<End> {
    try {
      await this.#readToEnd();
      return "ended";
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionReset) return "reset";
      throw error;
    }
  }

  async #readChunked(head: Head, coding: string): Promise<Message> {
    if (coding !== "chunked") throw new Error(`Cannot read transfer coding "${coding}"`);
    const chunks: string[] = [];
    for (let data = await this.readChunk(); data !== ""; data = await this.readChunk()) {
      chunks.push(data);
    }
    let section = "";
    for (let line = await this.#readLine(); line !== ""; line = await this.#readLine()) {
      section += `${line}\r\n`;
    }
    const { fields: trailers } = parseHead(`trailers\r\n${section}\r\n`);
    return { ...head, body: chunks.join(""), bodyEnd: "chunked", chunks, trailers };
  }

  async #readLine(): Promise<string> {
    while (!this.rest.includes("\n")) {
      if (!(await this.#fill())) throw this.#tooShort("a line");
    }
    const line = this.#take(this.rest.indexOf("\n") + 1);
    if (!line.endsWith("\r\n")) throw new Error(`Cannot read line "${line}": ends in a bare LF`);
    return line.slice(0, -2);
  }

  async #readToEnd(): Promise<string> {
    while (await this.#fill());
    return this.#take(this.rest.length);
  }

  async #fill(): Promise<boolean> {
    const what = `more after "${this.received.slice(-500)}"`;
    const length = await within(what, this.conn.read(this.#buffer));
    if (length === null) return false;
    this.received += toText(this.#buffer.subarray(0, length));
    return true;
  }

  #take(length: number): string {
    const text = this.received.slice(this.#taken, this.#taken + length);
    this.#taken += length;
    return text;
  }

  #tooShort(what: string): Error {
    return new Error(`Cannot read ${what}: input ended after "${this.received.slice(-500)}"`);
  }
}

/** Lines with CRLF, and the empty line after them. */
export function headOf(...lines: readonly string[]): string {
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** Chunks of a body, the last one and the trailer section. */
export function chunked(chunks: readonly string[], ...trailers: readonly string[]): string {
  const data = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join("");
  return `${data}0\r\n${trailers.map((line) => `${line}\r\n`).join("")}\r\n`;
}

/** An answer with a length. */
export function answerOf(status: number, body = "", ...fields: readonly string[]): string {
  return headOf(`HTTP/1.1 ${status} Said`, `Content-Length: ${body.length}`, ...fields) + body;
}

/** One byte per character. */
export function toBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** One character per byte; `TextDecoder("latin1")` would be windows-1252. */
function toText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function parseHead(text: string): Head {
  if (!text.endsWith("\r\n\r\n")) throw new Error(`Cannot parse head "${text}": no empty line`);
  const [line = "", ...rest] = text.slice(0, -4).split("\r\n");
  if (hasControl(line)) throw new Error(`Cannot parse first line "${line}"`);
  const fields = rest.map((field) => {
    const [, name, value] = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*)$/s.exec(field) ?? [];
    if (name === undefined || value === undefined || hasControl(value)) {
      throw new Error(`Cannot parse field "${field}"`);
    }
    return [name, value.replace(/[ \t]+$/, "")] as const;
  });
  return { line, fields };
}

/** Whether `text` holds a control character other than a tab. */
function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x7f || (code < 0x20 && code !== 0x09)) return true;
  }
  return false;
}
