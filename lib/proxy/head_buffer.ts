import type { BufferPool } from "../net/buffers.ts";

/** A head in a borrowed buffer, which has to be given back. */
export interface WrittenHead {
  readonly buffer: Uint8Array;
  readonly end: number;
}

/**
 * Writes a head into a borrowed buffer that is large enough for it.
 *
 * @param write writes and says where it ended, or -1 when there is not enough room
 */
export function writeGrowing(
  buffers: BufferPool,
  write: (into: Uint8Array) => number,
): WrittenHead {
  let buffer = buffers.takeLarger(0);
  try {
    for (;;) {
      const end = write(buffer);
      if (end !== -1) return { buffer, end };
      const larger = buffers.takeAbove(buffer.length);
      buffers.give(buffer);
      buffer = larger;
    }
  } catch (error) {
    buffers.give(buffer);
    throw error;
  }
}
