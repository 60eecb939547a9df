import type { ListenerConfig } from "../config/types.ts";
import { clientKey, type ClientSlots } from "../core/client_slots.ts";
import type { Conn, MaybePromise } from "../net/transport.ts";
import { addressOf } from "../proxy/tcp_proxy.ts";
import type { ThreadParts } from "../proxy/tcp_route.ts";
import { admission } from "./access.ts";
import { proxyHeaderStep } from "./proxy_header_step.ts";
import { refusalTeller } from "./refusal_teller.ts";
import type { TlsStep } from "./tls_step.ts";

/**
 * What is done with an accepted connection before the proxy gets it.
 *
 * @param slots gives back what the step took, at the end of the connection
 * @returns the connection to go on with; `undefined`: refused, and closed
 */
export type AcceptStep = (
  conn: Conn,
  slots: AsyncDisposableStack,
) => MaybePromise<Conn | undefined>;

/** What steps are made of. */
export interface StepOptions {
  readonly config: ListenerConfig;
  /** Place of the listener's cells in the shared table. */
  readonly index: number;
  /** Absent: one client may have all connections. */
  readonly clients?: ClientSlots;
  /** Absent: connections need no handshake. */
  readonly tls?: TlsStep;
  readonly thread: ThreadParts;
}

/** The steps of a listener, in order: what it does not use costs nothing. */
export function acceptSteps(options: StepOptions): AcceptStep[] {
  const { config: { proxyProtocol, access }, clients, tls } = options;
  return [
    ...(proxyProtocol === undefined ? [] : [proxyHeaderStep(options, proxyProtocol)]),
    ...(access === undefined ? [] : [accessStep(options, admission(access))]),
    ...(clients === undefined ? [] : [clientStep(options, clients)]),
    ...(tls === undefined ? [] : [handshakeStep(tls)]),
  ];
}

/** The listener's `allow` and `deny`. */
function accessStep(options: StepOptions, admits: ReturnType<typeof admission>): AcceptStep {
  const message = "Connection refused: client is not allowed";
  const tell = refusalTeller(options, { counter: "denied", level: "info", message });
  return (conn) => {
    const client = addressOf(conn);
    if (admits(client)) return conn;
    conn.close();
    tell({ client });
    return undefined;
  };
}

/** The listener's `max_connections_per_ip`. */
function clientStep(options: StepOptions, clients: ClientSlots): AcceptStep {
  const { config: { maxConnectionsPerIp: max = Infinity }, thread: { worker } } = options;
  const message = "Connection refused: client is at max_connections_per_ip";
  const tell = refusalTeller(options, { counter: "rejectedPerIp", level: "warning", message });
  return (conn, slots) => {
    const client = addressOf(conn);
    const key = client === undefined ? undefined : clientKey(client);
    if (key === undefined) return conn;
    if (clients.tryTake(worker, key, max) === "taken") {
      slots.defer(() => clients.give(worker, key));
      return conn;
    }
    conn.close();
    tell({ client, max });
    return undefined;
  };
}

/** The end of the listener's TLS. */
function handshakeStep(tls: TlsStep): AcceptStep {
  return async (conn, slots) => {
    const secure = await tls.shake(conn);
    // Its connection counts until the last of what was written is on its way.
    if (secure !== undefined) slots.defer(() => tls.settled(secure));
    return secure;
  };
}
