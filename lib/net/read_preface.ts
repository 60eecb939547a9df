import type { BufferPool } from "./buffers.ts";
import { ByteReader } from "./byte_reader.ts";
import { Deadline } from "./deadline.ts";
import type { Timeouts } from "./timeouts.ts";
import type { Conn } from "./transport.ts";

/** How the start of a connection is read. */
export interface PrefaceOptions<T> {
  readonly buffers: BufferPool;
  readonly timeouts: Timeouts;
  /** Longest wait for all of it, in milliseconds. The connection is closed when it is over. */
  readonly timeoutMs: number;
  /**
   * What has come so far says, or `undefined` when there has to be more. It has to bound how much.
   *
   * @param fresh where the bytes begin that were not there the last time
   */
  readonly parse: (bytes: Uint8Array, fresh: number) => T | undefined;
}

/** What came of it. */
export type PrefaceRead<T> =
  | { readonly kind: "read"; readonly value: T; readonly bytes: Uint8Array }
  | { readonly kind: "late" }
  /** The client went away; `isEmpty`: without a word, as checks do that want only to connect. */
  | { readonly kind: "gone"; readonly isEmpty: boolean };

/** Reads the start of a connection. Holds 1 KiB while it waits for the first bytes. Never rejects. */
export async function readPreface<T>(
  conn: Conn,
  options: PrefaceOptions<T>,
): Promise<PrefaceRead<T>> {
  const { buffers, timeouts, timeoutMs, parse } = options;
  const reader = new ByteReader(conn, buffers, "small");
  using deadline = new Deadline(timeouts);
  let isLate = false;
  deadline.set(timeoutMs, () => {
    isLate = true;
    conn.close();
  });
  try {
    for (;;) {
      const fresh = reader.end;
      if (!await reader.fill()) break;
      const value = parse(reader.buffer.subarray(0, reader.end), fresh);
      if (value !== undefined) {
        return { kind: "read", value, bytes: reader.buffer.slice(0, reader.end) };
      }
    }
  } catch {
    // Closed or reset: how it ended is told below.
  } finally {
    reader.release();
  }
  return isLate ? { kind: "late" } : { kind: "gone", isEmpty: reader.end === 0 };
}
