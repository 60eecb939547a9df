import type { HttpProbeConfig, StatusRange } from "../config/types.ts";
import { type Address, formatAddress } from "../core/address.ts";
import type { Probe } from "../health/probe.ts";
import { createBodyDecoder } from "../http/body.ts";
import { FieldList } from "../http/fields.ts";
import { HeadScanner } from "../http/head_end.ts";
import { decodeLatin1 } from "../http/latin1.ts";
import { DEFAULT_CHUNK_LIMITS, DEFAULT_HEAD_LIMITS } from "../http/limits.ts";
import { parseResponseHead, type ResponseHead } from "../http/response_head.ts";
import { writeRequestHead } from "../http/serialize.ts";
import { type Conn, type Transport, writeAll } from "../net/transport.ts";
import { overConnection } from "./open.ts";

/** How much of a body is looked at for a text. */
export const MAX_BODY_BYTES = 16_384;
/** The same for a regular expression, whose time may grow with the square of it. */
export const MAX_REGEX_BYTES = 4_096;

/** Passes when one request over a connection of its own gets an answer that is wanted. */
export function probeHttp(transport: Transport, check: HttpProbeConfig): Probe {
  const regex = check.expectBodyRegex === undefined
    ? undefined
    : new RegExp(check.expectBodyRegex, "u");
  return (address, signal) => {
    const request = writeRequest(check, address);
    return overConnection(transport, { address, signal }, async (conn) => {
      await writeAll(conn, request);
      const reader = new AnswerReader(conn);
      const head = await reader.readHead(check.method);
      expectStatus(head.status, check.expectStatus);
      if (check.expectBody === undefined && regex === undefined) return;
      expectContent(await reader.readBody(head), check.expectBody, regex);
    });
  };
}

function writeRequest(check: HttpProbeConfig, address: Address): Uint8Array {
  const { method, path: target, headers } = check;
  const fields = new FieldList();
  fields.append("Host", check.host ?? hostOf(address));
  for (const [name, value] of headers) fields.append(name, value);
  if (!fields.has("user-agent")) fields.append("User-Agent", "weir-health-check");
  fields.append("Connection", "close");
  const framing = BODY_METHODS.has(method)
    ? { kind: "length", length: 0 } as const
    : { kind: "none" } as const;
  const bytes = new Uint8Array(REST_BYTES + target.length + fields.toText().length);
  return bytes.subarray(0, writeRequestHead(bytes, 0, { method, target, fields, framing }));
}

/** A Unix socket has no name that a server could expect. */
function hostOf(address: Address): string {
  return address.kind === "unix" ? "localhost" : formatAddress(address);
}

function expectStatus(status: number, ranges: readonly StatusRange[]): void {
  if (ranges.some(([from, to]) => status >= from && status <= to)) return;
  const wanted = ranges.map(([from, to]) => from === to ? `${from}` : `${from}-${to}`).join(", ");
  throw new Error(`status must be ${wanted}: it is ${status}`);
}

function expectContent(body: Uint8Array, text: string | undefined, regex: RegExp | undefined) {
  const decoder = new TextDecoder();
  if (text !== undefined && !decoder.decode(body).includes(text)) {
    throw new Error(`body must hold "${text}": it does not in its first ${MAX_BODY_BYTES} B`);
  }
  if (regex !== undefined && !regex.test(decoder.decode(body.subarray(0, MAX_REGEX_BYTES)))) {
    throw new Error(`body must match ${regex}: it does not in its first ${MAX_REGEX_BYTES} B`);
  }
}

/** Reads one answer: as many bytes as a check may cost, and no more. */
class AnswerReader {
  readonly #conn: Conn;
  #bytes = new Uint8Array(FIRST_BYTES);
  #start = 0;
  #end = 0;

  constructor(conn: Conn) {
    this.#conn = conn;
  }

  /** The final head; interim ones before it are passed over. */
  async readHead(requestMethod: string): Promise<ResponseHead> {
    for (let interim = 0; interim <= MAX_INTERIM; interim++) {
      const head = await this.#readOneHead(requestMethod);
      if (head.status >= 200) return head;
    }
    throw new Error(`answer must come after at most ${MAX_INTERIM} interim ones`);
  }

  /** The first {@linkcode MAX_BODY_BYTES} of the body. */
  async readBody({ framing }: ResponseHead): Promise<Uint8Array> {
    const body = new Uint8Array(MAX_BODY_BYTES);
    const decoder = createBodyDecoder(framing, {
      side: "response",
      limits: DEFAULT_CHUNK_LIMITS,
      decode: decodeLatin1,
    });
    let length = 0;
    while (!decoder.done && length < body.length) {
      if (this.#start === this.#end && !await this.#fill()) {
        if (decoder.endsAtClose) break;
        throw new Error(`body must be complete: it ended after ${length} B`);
      }
      const { dataStart, dataEnd, position } = decoder.next(this.#bytes, this.#start, this.#end);
      const data = this.#bytes.subarray(
        dataStart,
        Math.min(dataEnd, dataStart + body.length - length),
      );
      body.set(data, length);
      length += data.length;
      this.#start = position;
    }
    return body.subarray(0, length);
  }

  async #readOneHead(requestMethod: string): Promise<ResponseHead> {
    const scanner = new HeadScanner("response", DEFAULT_HEAD_LIMITS);
    for (;;) {
      const headEnd = scanner.find(this.#bytes, this.#start, this.#end);
      if (headEnd !== -1) {
        const start = this.#start;
        this.#start = headEnd;
        const context = { requestMethod };
        const limits = DEFAULT_HEAD_LIMITS;
        return parseResponseHead(this.#bytes, start, headEnd, limits, decodeLatin1, context);
      }
      if (!await this.#fill()) throw new Error("answer must have a head: connection was closed");
    }
  }

  /** Reads more; false at the end of input. Only an unfinished head makes the buffer grow. */
  async #fill(): Promise<boolean> {
    if (this.#start > 0) {
      this.#bytes.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    if (this.#end === this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#bytes.length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    const length = await this.#conn.read(this.#bytes.subarray(this.#end));
    if (length === null) return false;
    this.#end += length;
    return true;
  }
}

/** Methods whose requests say how long their content is, even when there is none. */
const BODY_METHODS: ReadonlySet<string> = new Set(["POST", "PUT"]);
/** Room for what a head has beside target and fields: method, version, Content-Length, line ends. */
const REST_BYTES = 64;
const FIRST_BYTES = 4096;
const MAX_INTERIM = 8;
