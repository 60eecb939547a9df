import type { Address } from "../core/address.ts";
import type { ProxyHeader } from "./proxy_header.ts";
import type { Conn, MaybePromise } from "./transport.ts";

/** What is known of a connection whose start has been read. */
export interface PrefacedOptions {
  /** Bytes that were read and are to be read again. */
  readonly rest?: Uint8Array;
  /** What a proxy said at its start. */
  readonly proxied?: ProxyHeader;
}

/** A connection of which something was read already, or whose client is told by a proxy. */
export class PrefacedConn implements Conn {
  readonly remote: Address | undefined;
  readonly proxied: ProxyHeader | undefined;
  readonly #conn: Conn;
  #rest: Uint8Array | undefined;

  constructor(conn: Conn, { rest, proxied = conn.proxied }: PrefacedOptions) {
    this.#conn = conn;
    this.#rest = rest?.length === 0 ? undefined : rest;
    this.proxied = proxied;
    this.remote = proxied?.source ?? conn.remote;
  }

  /** What the client connected to, as the proxy saw it. Asked of the system only when needed. */
  get local(): Address | undefined {
    return this.proxied?.destination ?? this.#conn.local;
  }

  read(into: Uint8Array): MaybePromise<number | null> {
    return this.#rest === undefined ? this.#conn.read(into) : this.#replay(this.#rest, into);
  }

  write(bytes: Uint8Array): MaybePromise<number> {
    return this.#conn.write(bytes);
  }

  closeWrite(): MaybePromise<void> {
    return this.#conn.closeWrite();
  }

  close(): void {
    this.#rest = undefined;
    this.#conn.close();
  }

  #replay(rest: Uint8Array, into: Uint8Array): number {
    const length = Math.min(rest.length, into.length);
    into.set(rest.subarray(0, length));
    this.#rest = length === rest.length ? undefined : rest.subarray(length);
    return length;
  }
}
