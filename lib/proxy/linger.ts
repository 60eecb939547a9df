import type { ByteReader } from "../net/byte_reader.ts";
import type { Deadline } from "../net/deadline.ts";
import type { Conn } from "../net/transport.ts";

/** A connection whose last answer has been written. */
export interface Lingering {
  readonly conn: Conn;
  readonly reader: ByteReader;
  readonly deadline: Deadline;
}

/**
 * Closing on bytes that were not read makes the kernel send a reset, which can destroy the answer
 * on its way. So the end is told, and what still comes is read for a moment.
 */
export async function linger({ conn, reader, deadline }: Lingering): Promise<void> {
  deadline.set(LINGER_MS, () => conn.close());
  try {
    await conn.closeWrite();
    for (let read = 0; read < LINGER_BYTES && await reader.fill();) {
      read += reader.available;
      reader.start = reader.end;
    }
  } catch {
    // Gone: so is the reason to wait.
  }
}

const LINGER_MS = 1000;
const LINGER_BYTES = 256 * 1024;
