import { formatAddress } from "../core/address.ts";
import type { LogFields } from "../core/log.ts";
import { type ClientHello, ClientHelloReader } from "../net/client_hello.ts";
import { Deadline } from "../net/deadline.ts";
import { PrefacedConn } from "../net/prefaced_conn.ts";
import { type PrefaceRead, readPreface } from "../net/read_preface.ts";
import { type Conn, writeAll } from "../net/transport.ts";
import type { NameMap } from "../route/name_map.ts";
import { addressOf, type TcpProxy } from "./tcp_proxy.ts";
import type { TcpRoute, ThreadParts } from "./tcp_route.ts";

/** Where the TLS connections of one listener go, resolved when it is built. */
export interface SniFront {
  readonly routes: NameMap<TcpProxy>;
  /** For names without a route, and clients that give none; absent: they are turned away. */
  readonly fallback: TcpProxy | undefined;
  /** Longest wait for the whole ClientHello, in milliseconds. */
  readonly timeoutMs: number;
  /** Says whether a client's connection is over a rate limit; absent where there is none. */
  readonly isOverRate?: TcpRoute["isOverRate"];
  /** All that connections may go on to. */
  readonly proxies: readonly TcpProxy[];
  /** Counts and tells a connection that does not begin with a ClientHello. */
  readonly onNoHello: (fields: LogFields) => void;
  /** Counts and tells a connection for a name that has no route. */
  readonly onUnknownName: (fields: LogFields) => void;
  readonly thread: ThreadParts;
}

/** Passes TLS connections through, each to the upstream of the name that its client asks for. */
export class SniProxy {
  readonly #front: SniFront;
  /** Connections that are with none of the proxies behind: greeting, or being turned away. */
  readonly #open = new Set<Conn>();

  constructor(front: SniFront) {
    this.#front = front;
  }

  /** Serves one client connection to its end and closes it. Never rejects. */
  async handle(client: Conn): Promise<void> {
    const { fallback, routes, isOverRate } = this.#front;
    if (isOverRate?.(addressOf(client))) return client.close();
    const greeted = await this.#greet(client);
    if (greeted === undefined) return client.close();
    const { hello: { serverName }, bytes } = greeted;
    const routed = serverName === undefined ? undefined : routes.find(serverName);
    const proxy = routed ?? fallback;
    if (proxy === undefined) return await this.#turnAway(client, serverName);
    await proxy.handle(new PrefacedConn(client, { rest: bytes }), serverName);
  }

  /** Connections under way. */
  get active(): number {
    return this.#front.proxies.reduce((sum, { active }) => sum + active, this.#open.size);
  }

  /** Nothing to do: a stream ends when its ends say so. */
  drain(): void {}

  /** Nothing to do, for the same reason. */
  retire(): void {}

  /** Cuts every connection that is under way. */
  abortAll(): void {
    for (const conn of this.#open) conn.close();
    for (const proxy of this.#front.proxies) proxy.abortAll();
  }

  /** Cuts the connections to backends, by their places in the shared table. */
  abortBackends(places: ReadonlySet<number>): void {
    for (const proxy of this.#front.proxies) proxy.abortBackends(places);
  }

  async #greet(client: Conn): Promise<{ hello: ClientHello; bytes: Uint8Array } | undefined> {
    const { onNoHello, thread: { buffers, timeouts }, timeoutMs } = this.#front;
    const parse = helloParser();
    this.#open.add(client);
    const preface = await readPreface(client, { buffers, timeouts, timeoutMs, parse });
    this.#open.delete(client);
    if (preface.kind === "read" && preface.value.kind === "hello") {
      return { hello: preface.value, bytes: preface.bytes };
    }
    const reason = reasonOf(preface);
    if (reason !== undefined) onNoHello({ client: nameOf(client), reason });
    return undefined;
  }

  async #turnAway(client: Conn, name: string | undefined): Promise<void> {
    this.#front.onUnknownName({ client: nameOf(client), name });
    using deadline = new Deadline(this.#front.thread.timeouts);
    deadline.set(LINGER_MS, () => client.close());
    this.#open.add(client);
    try {
      await writeAll(client, UNRECOGNIZED_NAME);
      await client.closeWrite();
      // Closing on bytes that were not read sends a reset, which can destroy the alert on its way.
      const into = new Uint8Array(LINGER_BYTES);
      for (let left = LINGER_BYTES; left > 0;) {
        const length = await client.read(into);
        if (length === null) break;
        left -= length;
      }
    } catch {
      // Gone: there is nobody to tell.
    } finally {
      this.#open.delete(client);
      client.close();
    }
  }
}

/** A fatal alert 112 in a record of its own (RFC 6066 section 3, RFC 8446 section 6). */
const UNRECOGNIZED_NAME = Uint8Array.of(21, 3, 3, 0, 2, 2, 112);
const LINGER_MS = 1000;
const LINGER_BYTES = 4096;

type Greeting = Exclude<ReturnType<ClientHelloReader["push"]>, { kind: "more" }>;

function helloParser(): (bytes: Uint8Array, fresh: number) => Greeting | undefined {
  const reader = new ClientHelloReader();
  return (bytes, fresh) => {
    const answer = reader.push(bytes.subarray(fresh));
    return answer.kind === "more" ? undefined : answer;
  };
}

/** Why there is no hello; `undefined` for a check that only connects, which is no error. */
function reasonOf(preface: PrefaceRead<Greeting>): string | undefined {
  if (preface.kind === "late") return "not there in time";
  if (preface.kind === "gone") return preface.isEmpty ? undefined : "connection ended before";
  return preface.value.kind === "not_tls" ? preface.value.reason : undefined;
}

function nameOf({ remote }: Conn): string | undefined {
  return remote && formatAddress(remote);
}
