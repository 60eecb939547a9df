import type { Lease } from "../core/types.ts";
import { NO_BODY } from "../http/framing.ts";
import type { ResponseHead } from "../http/response_head.ts";
import { writeResponseHead } from "../http/serialize.ts";
import type { ByteReader } from "../net/byte_reader.ts";
import { Splice } from "../net/splice.ts";
import { type Conn, writeAll } from "../net/transport.ts";
import { forwardResponseFields } from "./forward_headers.ts";
import { writeGrowing } from "./head_buffer.ts";
import type { HttpRoute } from "./http_route.ts";
import type { HttpSession } from "./http_session.ts";
import type { UpstreamConn } from "./upstream_conn.ts";

/** What else a switch of protocols needs. */
export interface UpgradeOptions {
  /** The 101. */
  readonly response: ResponseHead;
  readonly route: HttpRoute;
  readonly lease: Lease;
  /** Given what cuts the tunnel. */
  readonly onSplice: (abort: () => void) => void;
}

/**
 * Passes a 101 on and ties the two connections together until both have ended. What either side
 * sent right behind its head goes first; from here on nothing is read as HTTP.
 */
export async function spliceUpgrade(
  session: HttpSession,
  server: UpstreamConn,
  options: UpgradeOptions,
): Promise<void> {
  const { front, conn: client } = session;
  session.deadline.set(front.bodyTimeoutMs, () => {
    client.close();
    server.cut();
  });
  await writeSwitch(session, options);
  await handOn(server.reader, client);
  await handOn(session.reader, server.conn);
  session.deadline.clear();
  const { buffers, timeouts } = front.thread;
  const splice = new Splice(client, server.conn, options.lease, {
    buffers,
    timeouts,
    idleTimeoutMs: front.tunnelTimeoutMs,
    tunnelTimeoutMs: front.tunnelTimeoutMs,
  });
  options.onSplice(() => splice.abort());
  await splice.run();
}

async function writeSwitch(session: HttpSession, options: UpgradeOptions): Promise<void> {
  const { response, route } = options;
  const { buffers } = session.front.thread;
  const { status, reason, fields, upgrade } = response;
  forwardResponseFields(response, route.responseHeaders);
  fields.append("Connection", "Upgrade");
  fields.append("Upgrade", (upgrade ?? []).join(", "));
  const parts = { status, reason, fields, framing: NO_BODY };
  const { buffer, end } = writeGrowing(buffers, (into) => writeResponseHead(into, 0, parts));
  try {
    await writeAll(session.conn, buffer.subarray(0, end));
  } finally {
    buffers.give(buffer);
  }
}

async function handOn(reader: ByteReader, to: Conn): Promise<void> {
  if (reader.available === 0) return;
  await writeAll(to, reader.buffer.subarray(reader.start, reader.end));
  reader.start = reader.end;
}
