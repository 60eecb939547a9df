/** How much of a head (or of a trailer section) is read before the message is refused. */
export interface HeadLimits {
  /** Bytes of the whole head, from the first byte of its first line to its empty line. */
  readonly headBytes: number;
  /** Field lines, at least 1. */
  readonly fieldCount: number;
  /** Bytes of the request target. */
  readonly targetBytes: number;
}

/**
 * Limits that no usual client comes near.
 *
 * @default 32 KiB, 100 fields, a target of 8 KiB
 */
export const DEFAULT_HEAD_LIMITS: HeadLimits = {
  headBytes: 32_768,
  fieldCount: 100,
  targetBytes: 8_192,
};

/** How much framing a chunked body may carry. */
export interface ChunkLimits {
  /** Bytes of one chunk-size line with its extensions, without its CRLF. */
  readonly lineBytes: number;
  /** Limits of the trailer section. */
  readonly trailers: HeadLimits;
}

/**
 * Limits of chunked bodies.
 *
 * @default chunk lines of 4 KiB, trailers as large as a head
 */
export const DEFAULT_CHUNK_LIMITS: ChunkLimits = {
  lineBytes: 4_096,
  trailers: DEFAULT_HEAD_LIMITS,
};
