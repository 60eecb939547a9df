import type { BodyDecoder } from "../http/body.ts";
import {
  MAX_CHUNK_HEADER_BYTES,
  writeChunkEnd,
  writeChunkHeader,
  writeLastChunk,
} from "../http/chunk_writer.ts";
import type { FieldList } from "../http/fields.ts";
import type { Framing } from "../http/framing.ts";
import type { ByteReader } from "../net/byte_reader.ts";
import { type Conn, writeAll } from "../net/transport.ts";
import { ExchangeError, type ExchangeFault } from "./exchange_error.ts";

/** Largest piece that is copied to save a write. */
const COPIED_BYTES = 8 * 1024;

/** Sends one message: its head, then its body in the framing that the head states. */
export class MessageWriter {
  readonly #conn: Conn;
  readonly #framing: Framing;
  /** Holds what waits to be written together; its first bytes are the head. */
  readonly #buffer: Uint8Array;
  #length: number;
  /** Body bytes given so far. */
  bodyBytes = 0;
  /** Bytes written so far, head and framing included. */
  sentBytes = 0;

  /**
   * @param buffer room of at least 16 KiB that nobody else uses, with the head at its start
   * @param headBytes length of that head
   */
  constructor(conn: Conn, framing: Framing, buffer: Uint8Array, headBytes: number) {
    this.#conn = conn;
    this.#framing = framing;
    this.#buffer = buffer;
    this.#length = headBytes;
  }

  /** Takes `bytes[start, end)`: copied when that is little, written at once when it is much. */
  async body(bytes: Uint8Array, start: number, end: number): Promise<void> {
    const length = end - start;
    if (length === 0) return;
    this.bodyBytes += length;
    const isChunked = this.#framing.kind === "chunked";
    const extra = isChunked ? MAX_CHUNK_HEADER_BYTES + 2 : 0;
    if (this.#length + extra + Math.min(length, COPIED_BYTES) > this.#buffer.length) {
      await this.flush();
    }
    if (isChunked) this.#length = writeChunkHeader(this.#buffer, this.#length, length);
    if (length <= COPIED_BYTES) {
      this.#buffer.set(bytes.subarray(start, end), this.#length);
      this.#length += length;
    } else {
      await this.flush();
      await writeAll(this.#conn, bytes.subarray(start, end));
      this.sentBytes += length;
    }
    if (isChunked) this.#length = writeChunkEnd(this.#buffer, this.#length);
  }

  /** Ends the body; the fields are the trailers of a chunked one. */
  async end(trailers: FieldList | undefined): Promise<void> {
    if (this.#framing.kind === "chunked") {
      let end = writeLastChunk(this.#buffer, this.#length, trailers);
      if (end === -1) {
        await this.flush();
        end = writeLastChunk(this.#buffer, 0, trailers);
        // Trailers larger than the buffer: they are optional by definition.
        if (end === -1) end = writeLastChunk(this.#buffer, 0);
      }
      this.#length = end;
    }
    await this.flush();
  }

  /** Writes what has been taken. */
  async flush(): Promise<void> {
    if (this.#length === 0) return;
    const bytes = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    await writeAll(this.#conn, bytes);
    this.sentBytes += bytes.length;
  }
}

/** How a body is carried. */
export interface RelayOptions {
  readonly decoder: BodyDecoder;
  readonly writer: MessageWriter;
  /** Told of each piece before it is taken. */
  readonly onData?: (bytes: Uint8Array, start: number, end: number) => void;
  /** Called before each wait for more bytes. */
  readonly beforeRead: () => void;
  /** Called before each write. */
  readonly beforeWrite: () => void;
  /** Told how many bytes of the body have been written, as they are. */
  readonly onDelivered: (bytes: number) => void;
  /** The writer's connection is gone: what comes in is left for somebody else. */
  readonly isCancelled: () => boolean;
  /** What a failed read and a failed write are called. */
  readonly faults: { readonly read: ExchangeFault; readonly write: ExchangeFault };
}

/**
 * Carries a body from `reader` to the writer as its bytes come, without holding any back.
 *
 * @returns false when the input ended before the body did
 * @throws {ExchangeError | HttpParseError}
 */
export async function relayBody(reader: ByteReader, options: RelayOptions): Promise<boolean> {
  const { decoder, writer, faults } = options;
  let delivered = 0;
  while (!decoder.done) {
    await takeAvailable(reader, options);
    if (decoder.done) break;
    options.beforeWrite();
    await orFault(writer.flush(), faults.write);
    options.onDelivered(writer.bodyBytes - delivered);
    delivered = writer.bodyBytes;
    // Before the hook too: a deadline set now would be that of whoever has the connection next.
    assertWanted(options);
    options.beforeRead();
    const more = await orFault(reader.fill(), faults.read);
    assertWanted(options);
    if (more) continue;
    if (!decoder.endsAtClose) return false;
    break;
  }
  options.beforeWrite();
  await orFault(writer.end(decoder.trailers), faults.write);
  options.onDelivered(writer.bodyBytes - delivered);
  return true;
}

function assertWanted({ isCancelled, faults }: RelayOptions): void {
  if (isCancelled()) throw new ExchangeError(faults.write, "Connection is gone");
}

async function takeAvailable(reader: ByteReader, options: RelayOptions): Promise<void> {
  const { decoder, writer, onData, faults } = options;
  while (reader.available > 0 && !decoder.done) {
    const step = decoder.next(reader.buffer, reader.start, reader.end);
    reader.start = step.position;
    const { dataStart, dataEnd } = step;
    if (dataEnd === dataStart) continue;
    onData?.(reader.buffer, dataStart, dataEnd);
    options.beforeWrite();
    await orFault(writer.body(reader.buffer, dataStart, dataEnd), faults.write);
  }
}

async function orFault<T>(work: Promise<T>, fault: ExchangeFault): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new ExchangeError(fault, "Connection broke", error);
  }
}
