import type { ProxyProtocolConfig } from "../config/types.ts";
import { formatAddress } from "../core/address.ts";
import { parseCidr } from "../core/cidr.ts";
import { CidrSet } from "../core/cidr_set.ts";
import { PrefacedConn } from "../net/prefaced_conn.ts";
import { type ProxyHeaderRead, readProxyHeader } from "../net/proxy_header_read.ts";
import { type PrefaceRead, readPreface } from "../net/read_preface.ts";
import type { Conn } from "../net/transport.ts";
import type { AcceptStep, StepOptions } from "./accept_steps.ts";
import { refusalTeller } from "./refusal_teller.ts";

/** Reads the PROXY header at the start of a connection: of a trusted peer, and of no other. */
export function proxyHeaderStep(
  options: StepOptions,
  { trusted, timeoutMs }: ProxyProtocolConfig,
): AcceptStep {
  const { buffers, timeouts } = options.thread;
  const proxies = CidrSet.of(trusted.map(parseCidr));
  const tellStranger = refusalTeller(options, { ...REFUSED, message: STRANGER });
  const tellHeader = refusalTeller(options, { ...REFUSED, message: NO_HEADER });
  const read = async (conn: Conn) => {
    const preface = await readPreface(conn, { buffers, timeouts, timeoutMs, parse });
    const { header, reason } = judge(preface);
    if (header !== undefined) return header(conn);
    conn.close();
    if (reason !== undefined) tellHeader({ peer: peerOf(conn), reason });
    return undefined;
  };
  return (conn) => {
    // Who may open a Unix socket is for its file to say.
    if (conn.remote?.kind !== "tcp" || proxies.has(conn.remote.hostname)) return read(conn);
    conn.close();
    tellStranger({ peer: peerOf(conn) });
    return undefined;
  };
}

const REFUSED = { counter: "proxyRefused", level: "warning" } as const;
const STRANGER = "Connection refused: peer is not in trusted_proxies of a proxy_protocol listener";
const NO_HEADER = "Connection refused: no valid PROXY header";

function parse(bytes: Uint8Array): Exclude<ProxyHeaderRead, { kind: "more" }> | undefined {
  const read = readProxyHeader(bytes);
  return read.kind === "more" ? undefined : read;
}

interface Verdict {
  /** Puts the connection behind the header. */
  readonly header?: (conn: Conn) => Conn;
  /** Why there is none; absent too for a check that only connects, which is no error. */
  readonly reason?: string;
}

function judge(preface: PrefaceRead<NonNullable<ReturnType<typeof parse>>>): Verdict {
  if (preface.kind === "late") return { reason: "not there in time" };
  if (preface.kind === "gone") return preface.isEmpty ? {} : { reason: "connection ended before" };
  const { value, bytes } = preface;
  if (value.kind === "malformed") return { reason: value.reason };
  const rest = bytes.subarray(value.sizeBytes);
  return { header: (conn) => new PrefacedConn(conn, { rest, proxied: value.header }) };
}

function peerOf({ remote }: Conn): string | undefined {
  return remote && formatAddress(remote);
}
