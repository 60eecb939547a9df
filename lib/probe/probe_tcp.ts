import type { TcpProbeConfig } from "../config/types.ts";
import type { Probe } from "../health/probe.ts";
import { type Conn, type Transport, writeAll } from "../net/transport.ts";
import { overConnection } from "./open.ts";

/** How much of an answer is looked at. */
export const MAX_ANSWER_BYTES = 16_384;

/** Passes when a connection can be opened and, where that is asked for, the right answer comes. */
export function probeTcp(transport: Transport, { send, expect }: TcpProbeConfig): Probe {
  const question = send === undefined ? undefined : ENCODER.encode(send);
  const wanted = expect === undefined ? undefined : ENCODER.encode(expect);
  return (address, signal) =>
    overConnection(transport, { address, signal }, async (conn) => {
      if (question !== undefined) await writeAll(conn, question);
      if (wanted !== undefined) await expectBytes(conn, wanted);
    });
}

async function expectBytes(conn: Conn, wanted: Uint8Array): Promise<void> {
  const answer = new Uint8Array(MAX_ANSWER_BYTES);
  for (let length = 0; length < answer.length;) {
    const more = await conn.read(answer.subarray(length));
    if (more === null) {
      throw new Error(`answer must hold what is expected: it ended at ${length} B`);
    }
    // What is wanted may have begun in the part before.
    const from = Math.max(0, length - wanted.length + 1);
    length += more;
    if (holds(answer.subarray(from, length), wanted)) return;
  }
  throw new Error(`answer must hold what is expected: not in its first ${MAX_ANSWER_BYTES} B`);
}

function holds(bytes: Uint8Array, wanted: Uint8Array): boolean {
  const first = wanted[0];
  if (first === undefined) return true;
  for (let at = bytes.indexOf(first); at !== -1; at = bytes.indexOf(first, at + 1)) {
    if (wanted.every((byte, offset) => bytes[at + offset] === byte)) return true;
  }
  return false;
}

const ENCODER = new TextEncoder();
