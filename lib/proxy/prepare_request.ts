import { createBodyDecoder, LengthDecoder } from "../http/body.ts";
import { DEFAULT_CHUNK_LIMITS } from "../http/limits.ts";
import type { RequestHead } from "../http/request_head.ts";
import { decodeLatin1Fast } from "../net/latin1.ts";
import { rewritePath } from "../route/path_rewrite.ts";
import { forwardableUpgrade, forwardRequestFields } from "./forward_headers.ts";
import type { ForwardAction, HttpRoute } from "./http_route.ts";
import type { HttpSession } from "./http_session.ts";
import { ReplayStore } from "./replay_store.ts";
import type { PreparedRequest } from "./request_sender.ts";
import { isIdempotent } from "./retry.ts";

/** Where a request is going. */
export interface ExchangeRoute {
  readonly route: HttpRoute;
  readonly action: ForwardAction;
}

/** For a request that names no server: many backends refuse an empty `Host`. */
const FALLBACK_HOST = "localhost";
/** Bytes of a request's body that are kept for another attempt. */
const REPLAY_BYTES = 64 * 1024;

/** What every attempt at a request sends; changes the fields of `head` into those that go on. */
export function prepareRequest(
  session: HttpSession,
  head: RequestHead,
  { route, action }: ExchangeRoute,
): PreparedRequest {
  const upgrade = forwardableUpgrade(head);
  forwardRequestFields(head, {
    forwarded: session.client.forwarded,
    fallbackHost: FALLBACK_HOST,
    changes: route.requestHeaders,
    nextRequestId: session.front.nextRequestId,
    upgrade,
  });
  const target = targetOf(head, action);
  if (head.framing.kind === "none") {
    return { head, target, upgrade, decoder: NO_BODY_DECODER, replay: NO_REPLAY };
  }
  return {
    head,
    target,
    upgrade,
    decoder: createBodyDecoder(head.framing, {
      limits: DEFAULT_CHUNK_LIMITS,
      decode: decodeLatin1Fast,
      side: "request",
    }),
    replay: new ReplayStore(isIdempotent(head.method) ? REPLAY_BYTES : 0),
  };
}

// Without a body nothing is ever put into either: all requests may have the same.
const NO_BODY_DECODER = new LengthDecoder(0);
const NO_REPLAY = new ReplayStore(0);

/** The target in origin form (RFC 9112 section 3.2.1), or `*`. */
function targetOf(head: RequestHead, { rewrite }: ForwardAction): string {
  if (head.form === "asterisk") return "*";
  const path = rewrite === undefined ? head.path : rewritePath(head.path, rewrite);
  return head.query === undefined ? path : `${path}?${head.query}`;
}
