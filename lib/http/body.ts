import { ChunkedDecoder, type ChunkedOptions } from "./chunked.ts";
import type { FieldList } from "./fields.ts";
import type { Framing } from "./framing.ts";

/** What one call of {@linkcode BodyDecoder.next} found; the decoder uses the same object again. */
export interface BodyStep {
  /** Offset of the first body byte found; equal to `dataEnd` when there was none. */
  dataStart: number;
  /** Offset after the last body byte found. */
  dataEnd: number;
  /** Offset of the first byte not looked at: where the next call has to start. */
  position: number;
  /** The body has ended at `position`; what follows is another message. */
  done: boolean;
}

/** Finds body bytes and the end of the body in a stream of bytes, without copying. */
export interface BodyDecoder {
  readonly done: boolean;
  /** The body ends with the connection, and then cleanly. */
  readonly endsAtClose: boolean;
  /** Fields after a chunked body, absent when there were none. */
  readonly trailers: FieldList | undefined;
  /**
   * Looks at `bytes[start, end)` up to the end of one piece of data. Call it again from `position`
   * while that is below `end` and the body is not done.
   *
   * @throws {HttpParseError} at the first byte that cannot be part of the body
   */
  next(bytes: Uint8Array, start: number, end: number): BodyStep;
}

/** The decoder for a body with that framing. */
export function createBodyDecoder(framing: Framing, options: ChunkedOptions): BodyDecoder {
  switch (framing.kind) {
    case "none":
      return new LengthDecoder(0);
    case "length":
      return new LengthDecoder(framing.length);
    case "chunked":
      return new ChunkedDecoder(options);
    case "until_close":
      return new UntilCloseDecoder();
  }
}

/** Counts a body of known length down. */
export class LengthDecoder implements BodyDecoder {
  readonly endsAtClose = false;
  readonly trailers = undefined;
  readonly #step: BodyStep = { dataStart: 0, dataEnd: 0, position: 0, done: false };
  #leftBytes: number;

  /** @param lengthBytes 0 to 2^53 - 1 */
  constructor(lengthBytes: number) {
    this.#leftBytes = lengthBytes;
  }

  get done(): boolean {
    return this.#leftBytes === 0;
  }

  next(_bytes: Uint8Array, start: number, end: number): BodyStep {
    const taken = Math.min(this.#leftBytes, end - start);
    this.#leftBytes -= taken;
    const step = this.#step;
    step.dataStart = start;
    step.dataEnd = step.position = start + taken;
    step.done = this.#leftBytes === 0;
    return step;
  }
}

/** Everything is body. */
class UntilCloseDecoder implements BodyDecoder {
  readonly done = false;
  readonly endsAtClose = true;
  readonly trailers = undefined;
  readonly #step: BodyStep = { dataStart: 0, dataEnd: 0, position: 0, done: false };

  next(_bytes: Uint8Array, start: number, end: number): BodyStep {
    const step = this.#step;
    step.dataStart = start;
    step.dataEnd = step.position = end;
    return step;
  }
}
