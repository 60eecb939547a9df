import type { Address } from "../../lib/core/address.ts";
import type { Conn } from "../../lib/net/transport.ts";
import { wholeBelow } from "./seeded_random.ts";

/** How the two ends of an in-memory connection behave. */
export interface MemoryConnOptions {
  /** Bytes that one direction holds before its writer has to wait. @default {65536} */
  readonly capacityBytes?: number;
  /** Given: reads and writes are cut short at random. */
  readonly random?: () => number;
  readonly remote?: Address;
  readonly local?: Address;
}

/** Both ends of a full-duplex connection. */
export function memoryPair(options: MemoryConnOptions = {}): [MemoryConn, MemoryConn] {
  const [there, back] = [new Pipe(options), new Pipe(options)];
  const pair: [MemoryConn, MemoryConn] = [
    new MemoryConn(back, there, options),
    new MemoryConn(there, back, options),
  ];
  pair[0].peer = pair[1];
  pair[1].peer = pair[0];
  return pair;
}

/** One end. It behaves as a socket does: half-close, back-pressure, partial reads and writes. */
export class MemoryConn implements Conn {
  readonly remote: Address | undefined;
  readonly local: Address | undefined;
  /** How often `close` was called. */
  closes = 0;
  /** Given: reads fail with it once everything received before has been read. */
  readError: Error | undefined;
  /** Given: writes and half-closes fail with it. */
  writeError: Error | undefined;
  /** The other end. */
  peer: MemoryConn | undefined;
  readonly #input: Pipe;
  readonly #output: Pipe;

  constructor(input: Pipe, output: Pipe, { remote, local }: MemoryConnOptions) {
    this.#input = input;
    this.#output = output;
    this.remote = remote;
    this.local = local;
  }

  /** Bytes written to it that it has not read. */
  get unread(): number {
    return this.#input.size;
  }

  /** The other end has said that nothing more will come. */
  get inputEnded(): boolean {
    return this.#input.ended;
  }

  async read(into: Uint8Array): Promise<number | null> {
    for (;;) {
      if (this.closes > 0) throw new Error("Cannot read: connection is closed");
      if (this.#input.size > 0) return this.#input.take(into);
      if (this.readError !== undefined) throw this.readError;
      if (this.#input.ended) return null;
      await this.#input.changed();
    }
  }

  async write(bytes: Uint8Array): Promise<number> {
    for (;;) {
      if (this.closes > 0) throw new Error("Cannot write: connection is closed");
      if (this.writeError !== undefined) throw this.writeError;
      if (this.#output.ended) throw new Error("Cannot write: broken pipe");
      const length = this.#output.put(bytes);
      if (length > 0) return length;
      await this.#output.changed();
    }
  }

  closeWrite(): Promise<void> {
    if (this.writeError !== undefined) return Promise.reject(this.writeError);
    this.#output.end();
    return Promise.resolve();
  }

  close(): void {
    this.closes++;
    this.#output.end();
    this.#input.end();
  }

  /** Breaks what comes in, as a reset from the peer does. */
  breakReads(error = new Error("connection reset")): void {
    this.readError = error;
    this.#input.wake();
  }

  /** Ends with a reset: the other end's reads and writes fail. */
  reset(): void {
    this.peer?.breakReads();
    this.peer?.breakWrites();
    this.close();
  }

  /** Breaks what goes out: the peer takes no more. */
  breakWrites(error = new Error("broken pipe")): void {
    this.writeError = error;
    this.#output.wake();
  }

  /** Writes everything, however small the parts. */
  async send(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) sent += await this.write(bytes.subarray(sent));
  }

  /** Reads to the end of input, or `length` bytes. */
  async receive(length = Infinity): Promise<Uint8Array> {
    const parts: number[] = [];
    while (parts.length < length) {
      const part = new Uint8Array(Math.min(4096, length - parts.length));
      const count = await this.read(part);
      if (count === null) break;
      for (const byte of part.subarray(0, count)) parts.push(byte);
    }
    return Uint8Array.from(parts);
  }
}

/** One direction: a bounded queue of bytes. */
class Pipe {
  ended = false;
  readonly #capacityBytes: number;
  readonly #random: (() => number) | undefined;
  readonly #parts: Uint8Array[] = [];
  #size = 0;
  #waiting: (() => void)[] = [];

  constructor({ capacityBytes = 65536, random }: MemoryConnOptions) {
    this.#capacityBytes = capacityBytes;
    this.#random = random;
  }

  get size(): number {
    return this.#size;
  }

  put(bytes: Uint8Array): number {
    const length = this.#cut(Math.min(bytes.length, this.#capacityBytes - this.#size));
    if (length === 0) return 0;
    this.#parts.push(bytes.slice(0, length));
    this.#size += length;
    this.wake();
    return length;
  }

  take(into: Uint8Array): number {
    const wanted = this.#cut(Math.min(into.length, this.#size));
    let length = 0;
    while (length < wanted) {
      const part = this.#parts[0]!;
      const taken = part.subarray(0, wanted - length);
      into.set(taken, length);
      length += taken.length;
      if (taken.length === part.length) this.#parts.shift();
      else this.#parts[0] = part.subarray(taken.length);
    }
    this.#size -= length;
    this.wake();
    return length;
  }

  end(): void {
    this.ended = true;
    this.wake();
  }

  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #cut(length: number): number {
    if (length === 0 || this.#random === undefined || this.#random() < 0.5) return length;
    return 1 + wholeBelow(this.#random, length);
  }
}
