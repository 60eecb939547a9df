import type { BodyDecoder, BodyStep } from "./body.ts";
import { CLASS, CR, HEX, LF, TEXT } from "./chars.ts";
import type { FieldList } from "./fields.ts";
import type { DecodeLatin1 } from "./latin1.ts";
import type { ChunkLimits } from "./limits.ts";
import { HttpParseError, toBadGateway } from "./parse_error.ts";
import { TrailerReader } from "./trailers.ts";

/** Where a chunked body comes from, and what it may cost. */
export interface ChunkedOptions {
  /** A fault in a response is 502, one in a request 400. */
  readonly side: "request" | "response";
  readonly limits: ChunkLimits;
  readonly decode: DecodeLatin1;
}

/** What the next byte has to be. */
const STATE = {
  sizeStart: 0,
  size: 1,
  extension: 2,
  sizeLf: 3,
  data: 4,
  dataCr: 5,
  dataLf: 6,
  trailers: 7,
  done: 8,
} as const;

/** 2^53 - 1 has 14 digits; two more leave room for the zeros that some servers put in front. */
const MAX_SIZE_DIGITS = 16;
const SEMICOLON = 0x3b;
/**
 * Bytes of framing that a body may have over 16 per chunk and twice its data: without a bound, one
 * byte of data with 4 KiB of extension each makes a cheap flood (CVE-2023-39326).
 */
const MAX_EXCESS_BYTES = 16_384;
const FREE_LINE_BYTES = 16;

/** Chunked transfer coding by RFC 9112 section 7.1, taken strictly; extensions are dropped. */
export class ChunkedDecoder implements BodyDecoder {
  readonly endsAtClose = false;
  readonly #options: ChunkedOptions;
  readonly #step: BodyStep = { dataStart: 0, dataEnd: 0, position: 0, done: false };
  #state: number = STATE.sizeStart;
  /** Size of the chunk while its line is read, then what is left of it. */
  #leftBytes = 0;
  #digits = 0;
  #lineBytes = 0;
  #excessBytes = 0;
  #trailerReader: TrailerReader | undefined;
  #trailers: FieldList | undefined;

  constructor(options: ChunkedOptions) {
    this.#options = options;
  }

  get done(): boolean {
    return this.#state === STATE.done;
  }

  get trailers(): FieldList | undefined {
    return this.#trailers;
  }

  next(bytes: Uint8Array, start: number, end: number): BodyStep {
    const step = this.#step;
    step.dataStart = step.dataEnd = start;
    try {
      let at = start;
      if (this.#state !== STATE.data) at = this.#readFraming(bytes, start, end);
      if (this.#state === STATE.data) at = this.#readData(at, end);
      step.position = at;
      step.done = this.#state === STATE.done;
      return step;
    } catch (error) {
      throw this.#options.side === "response" ? toBadGateway(error) : error;
    }
  }

  #readData(at: number, end: number): number {
    const taken = Math.min(this.#leftBytes, end - at);
    this.#leftBytes -= taken;
    if (this.#leftBytes === 0) this.#state = STATE.dataCr;
    this.#step.dataStart = at;
    return this.#step.dataEnd = at + taken;
  }

  /** Reads up to the first byte of data, the end of the body, or `end`. */
  #readFraming(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end) {
      switch (this.#state) {
        case STATE.dataCr:
          at = this.#expect(bytes, at, CR, STATE.dataLf);
          break;
        case STATE.dataLf:
          at = this.#expect(bytes, at, LF, STATE.sizeStart);
          break;
        case STATE.sizeLf:
          at = this.#expect(bytes, at, LF, STATE.data);
          this.#endLine();
          break;
        case STATE.extension:
          at = this.#readExtension(bytes, at, end);
          break;
        case STATE.trailers:
          return this.#readTrailers(bytes, at, end);
        case STATE.data:
        case STATE.done:
          return at;
        default:
          at = this.#readSize(bytes, at, end);
      }
    }
    return at;
  }

  #expect(bytes: Uint8Array, at: number, byte: number, state: number): number {
    if (bytes[at] !== byte) throw badChunk("chunk or its size does not end in CRLF");
    this.#state = state;
    return at + 1;
  }

  #readSize(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    for (; at < end; at++) {
      const value = HEX[bytes[at]!]!;
      if (value === 255) return this.#endSize(bytes[at]!, at);
      if (this.#state === STATE.sizeStart) this.#startSize();
      this.#leftBytes = this.#leftBytes * 16 + value;
      this.#digits++;
      this.#lineBytes++;
      if (this.#digits > MAX_SIZE_DIGITS || this.#leftBytes > Number.MAX_SAFE_INTEGER) {
        throw badChunk("chunk size is over 2^53 - 1 or has too many digits");
      }
    }
    return at;
  }

  #startSize(): void {
    this.#state = STATE.size;
    this.#leftBytes = 0;
    this.#digits = 0;
    this.#lineBytes = 0;
  }

  #endSize(byte: number, at: number): number {
    if (this.#state === STATE.sizeStart) throw badChunk("chunk size is missing or no number");
    if (byte !== CR && byte !== SEMICOLON) throw badChunk("chunk size holds a forbidden byte");
    this.#state = byte === CR ? STATE.sizeLf : STATE.extension;
    this.#lineBytes++;
    return at + 1;
  }

  #readExtension(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end && (CLASS[bytes[at]!]! & TEXT) !== 0) at++;
    this.#lineBytes += at - start;
    if (this.#lineBytes > this.#options.limits.lineBytes) {
      throw badChunk("chunk line is over the limit");
    }
    if (at === end) return at;
    if (bytes[at] !== CR) throw badChunk("chunk extension holds a forbidden byte");
    this.#state = STATE.sizeLf;
    return at + 1;
  }

  #endLine(): void {
    const excess = this.#excessBytes + this.#lineBytes - FREE_LINE_BYTES - 2 * this.#leftBytes;
    this.#excessBytes = Math.max(0, excess);
    if (this.#excessBytes > MAX_EXCESS_BYTES) throw badChunk("more chunk extensions than data");
    if (this.#leftBytes === 0) this.#state = STATE.trailers;
  }

  #readTrailers(bytes: Uint8Array, start: number, end: number): number {
    // Most bodies have no trailers: then the empty line comes right away, and in one piece.
    if (this.#trailerReader === undefined) {
      if (start + 1 < end && bytes[start] === CR && bytes[start + 1] === LF) {
        this.#state = STATE.done;
        return start + 2;
      }
      this.#trailerReader = new TrailerReader(this.#options);
    }
    const trailersEnd = this.#trailerReader.feed(bytes, start, end);
    if (trailersEnd === -1) return end;
    this.#trailers = this.#trailerReader.finish();
    this.#state = STATE.done;
    return trailersEnd;
  }
}

function badChunk(detail: string): HttpParseError {
  return new HttpParseError(400, "bad_chunk", detail);
}
