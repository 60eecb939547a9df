import type { Address } from "../core/address.ts";
import type { Lease, Meter } from "../core/types.ts";
import { NO_BODY } from "../http/framing.ts";
import type { ResponseHead } from "../http/response_head.ts";
import { writeResponseHead } from "../http/serialize.ts";
import type { ByteReader } from "../net/byte_reader.ts";
import { Splice } from "../net/splice.ts";
import { type Conn, type MaybePromise, writeAll } from "../net/transport.ts";
import { ClientMeter, type Traffic } from "./client_meter.ts";
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
  const from = new ReadConn(session);
  const meter = new ClientMeter(options.lease, from.meter);
  await handOn(server.reader, client, meter);
  session.deadline.clear();
  const { buffers, timeouts } = front.thread;
  const splice = new Splice(from, server.conn, meter, {
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
    session.books.sent(end);
  } finally {
    buffers.give(buffer);
  }
}

/** A client's connection whose first bytes the session has read, or is reading to see it end. */
class ReadConn implements Conn {
  /** Counts what the session has not. */
  readonly meter: Traffic;
  readonly #conn: Conn;
  readonly #reader: ByteReader;
  #isDrained = false;
  /** Bytes that the session's reader has counted, and that have not been delivered yet. */
  #counted = 0;

  constructor(session: HttpSession) {
    this.#conn = session.conn;
    this.#reader = session.reader;
    this.meter = {
      received: (bytes) => session.books.received(bytes - this.#takeCounted(bytes)),
      sent: (bytes) => session.books.sent(bytes),
    };
  }

  get remote(): Address | undefined {
    return this.#conn.remote;
  }

  read(into: Uint8Array): MaybePromise<number | null> {
    return this.#isDrained ? this.#conn.read(into) : this.#readFirst(into);
  }

  write(bytes: Uint8Array): MaybePromise<number> {
    return this.#conn.write(bytes);
  }

  closeWrite(): MaybePromise<void> {
    return this.#conn.closeWrite();
  }

  close(): void {
    this.#conn.close();
  }

  async #readFirst(into: Uint8Array): Promise<number | null> {
    const reader = this.#reader;
    // Joins the read that is under way: a second one beside it would get bytes out of order.
    if (reader.available === 0 && !(await reader.fill())) return null;
    const length = Math.min(reader.available, into.length);
    into.set(reader.buffer.subarray(reader.start, reader.start + length));
    reader.start += length;
    this.#isDrained = reader.available === 0;
    this.#counted += length;
    return length;
  }

  #takeCounted(most: number): number {
    const bytes = Math.min(most, this.#counted);
    this.#counted -= bytes;
    return bytes;
  }
}

async function handOn(reader: ByteReader, to: Conn, meter: Meter): Promise<void> {
  if (reader.available === 0) return;
  await writeAll(to, reader.buffer.subarray(reader.start, reader.end));
  meter.toClient(reader.available);
  reader.start = reader.end;
}

/** A switch has to be to protocols that the request named. */
export function isAskedFor(
  given: readonly string[] | undefined,
  wanted: string | undefined,
): boolean {
  const names = wanted?.split(", ") ?? [];
  return given !== undefined && given.length > 0 && given.every((name) => names.includes(name));
}
