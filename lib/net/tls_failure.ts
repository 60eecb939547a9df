import type { HandshakeFailure } from "../core/tls_counters.ts";
import { messageOf } from "../core/errors.ts";
import { isGone } from "./deno_system.ts";

/** What a failed handshake counts as. The runtime tells kinds of failure apart by its words alone. */
export function handshakeFailure(error: unknown): HandshakeFailure {
  if (isGone(error) || error instanceof Deno.errors.UnexpectedEof) return "closed";
  if (error instanceof Deno.errors.BrokenPipe) return "closed";
  const message = messageOf(error);
  return MESSAGES.find(([pattern]) => pattern.test(message))?.[1] ?? "other";
}

/** As rustls words them. */
const MESSAGES: readonly (readonly [RegExp, HandshakeFailure])[] = [
  [/^received corrupt message/, "not_tls"],
  [/^peer is incompatible|doesn't support any known protocol/, "incompatible"],
  [/^received fatal alert/, "alert"],
  [/eof/i, "closed"],
];
