import { CR, LF } from "./chars.ts";
import type { ChunkedOptions } from "./chunked.ts";
import { FIELD } from "./field_names.ts";
import { scanFields } from "./field_scan.ts";
import type { FieldList } from "./fields.ts";
import { removeHopByHop } from "./hop_by_hop.ts";
import { HttpParseError } from "./parse_error.ts";
import { NO_TOKENS } from "./token_list.ts";

const FIRST_BYTES = 256;

/** Gathers a trailer section, which may come in pieces, and parses it. */
export class TrailerReader {
  readonly #options: ChunkedOptions;
  #bytes: Uint8Array = new Uint8Array(FIRST_BYTES);
  #length = 0;
  #lineStart = 0;

  constructor(options: ChunkedOptions) {
    this.#options = options;
  }

  /**
   * Takes what belongs to the section.
   *
   * @returns the offset after its empty line, or -1 when that has not come yet
   */
  feed(bytes: Uint8Array, start: number, end: number): number {
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      this.#push(byte);
      if (byte !== LF) continue;
      if (this.#length < 2 || this.#bytes[this.#length - 2] !== CR) {
        throw new HttpParseError(400, "bad_trailer", "bare LF in the trailer section");
      }
      if (this.#length - this.#lineStart === 2) return at + 1;
      this.#lineStart = this.#length;
    }
    return -1;
  }

  /**
   * The fields of the section, without those of one connection only.
   *
   * @returns `undefined` when there are none
   * @throws {HttpParseError} for a malformed field, and for one that would frame or route anew
   */
  finish(): FieldList | undefined {
    const { limits, decode } = this.#options;
    const end = this.#length;
    const text = decode(this.#bytes, 0, end);
    const fields = scanFields({ bytes: this.#bytes, start: 0, end, text }, 0, limits.trailers);
    for (let i = 0; i < fields.count; i++) {
      const id = fields.idAt(i);
      // RFC 9110 section 6.5.1. Merged into the head, they would change what was already forwarded.
      if (id === FIELD.contentLength || id === FIELD.transferEncoding || id === FIELD.host) {
        throw new HttpParseError(400, "bad_trailer", "trailer that belongs into the head");
      }
    }
    removeHopByHop(fields, NO_TOKENS);
    return fields.count === 0 ? undefined : fields;
  }

  #push(byte: number): void {
    if (this.#length === this.#options.limits.trailers.headBytes) {
      throw new HttpParseError(431, "headers_too_large", "trailer section is over the limit");
    }
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(this.#length * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#length++] = byte;
  }
}
