import type { ConnectionRecord } from "../access/record.ts";
import { formatAddress } from "../core/address.ts";
import type { Conn } from "../net/transport.ts";
import type { Dial } from "./attempt.ts";
import type { ClientMeter } from "./client_meter.ts";
import type { TcpRoute } from "./tcp_route.ts";

/** How far a TCP connection came. */
export interface ConnectionCourse {
  readonly dial: Dial;
  /** Absent while there is no backend. */
  readonly meter: ClientMeter | undefined;
  readonly backend: string | undefined;
  /** Why it has ended, in one word. */
  readonly end: string;
}

/** What the access log will tell of one TCP connection. */
export class ConnectionTrail {
  readonly #route: TcpRoute;
  readonly #client: Conn;
  readonly #startMs: number;
  #connectMs: number | undefined;

  constructor(client: Conn, route: TcpRoute) {
    this.#client = client;
    this.#route = route;
    this.#startMs = route.thread.now();
  }

  /** There is a connection to a backend. */
  connected(): void {
    this.#connectMs = this.#tookMs();
  }

  /** Hands it to the log. To be called once. */
  end({ dial, meter, backend, end }: ConnectionCourse): void {
    const { upstream } = this.#route;
    const { remote } = this.#client;
    const totalMs = this.#tookMs();
    const record: ConnectionRecord = {
      startMs: this.#startMs,
      client: remote?.kind === "tcp" ? formatAddress(remote) : undefined,
      upstream: upstream.name,
      backend,
      bytesIn: meter?.fromClient ?? 0,
      bytesOut: meter?.forClient ?? 0,
      connectMs: this.#connectMs ?? totalMs,
      totalMs,
      retries: dial.retries,
      end,
    };
    this.#route.access?.connection(record);
  }

  #tookMs(): number {
    return this.#route.thread.now() - this.#startMs;
  }
}
