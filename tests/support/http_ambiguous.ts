import { AMBIGUOUS_CHUNKS } from "./ambiguous_chunks.ts";
import { AMBIGUOUS_FRAMING } from "./ambiguous_framing.ts";
import { AMBIGUOUS_HEADS } from "./ambiguous_heads.ts";
import type { AmbiguousMessage } from "./ambiguous_message.ts";

/** Messages with two ends, or with none that is sure. */
export const AMBIGUOUS: readonly AmbiguousMessage[] = [
  ...AMBIGUOUS_FRAMING,
  ...AMBIGUOUS_CHUNKS,
  ...AMBIGUOUS_HEADS,
];
