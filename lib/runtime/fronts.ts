import type { ListenerConfig } from "../config/types.ts";
import type { TlsConfig } from "../config/types_tls.ts";
import type { ServerCertificate, TlsTerms } from "../core/server_certificate.ts";
import { connectLoopback } from "../net/deno_transport.ts";
import { SwitchingAcceptor } from "../net/switching_acceptor.ts";
import type { Acceptor, Transport } from "../net/transport.ts";
import type { ThreadParts } from "../proxy/tcp_route.ts";
import type { HopPorts } from "./hop_ports.ts";
import { formatAddress } from "../core/address.ts";
import { isSame } from "../core/same.ts";
import { ListenError } from "./listen_error.ts";
import { TlsHop } from "./tls_hop.ts";
import { TlsStep } from "./tls_step.ts";

/** Certificates by name of the listener; there are some where it ends TLS. */
export type ListenerCertificates = ReadonlyMap<string, readonly ServerCertificate[]>;

/** What {@linkcode Fronts} are made of. */
export interface FrontsOptions {
  readonly transport: Transport;
  /** Ports of this thread for listeners with a hop. */
  readonly hopPorts: HopPorts;
}

/** What a listener accepts from. */
export interface Front {
  readonly acceptor: Acceptor;
  /** Absent: there is no TLS. */
  readonly tls?: TlsStep;
  /** Nobody accepts from it any more, and no connection of it is left. */
  release(): void;
}

/** Opens the listening sockets of one thread, and keeps those that end TLS supplied. */
export class Fronts implements Disposable {
  readonly #options: FrontsOptions;
  readonly #thread: ThreadParts;
  readonly #steps = new Set<TlsStep>();
  #certificates: ListenerCertificates = new Map();
  /** Of a configuration that is not in force yet. */
  #next: ListenerCertificates = this.#certificates;
  /** Acceptors that end TLS, by name of the listener. */
  readonly #secure = new Map<string, Set<Acceptor>>();

  constructor(options: FrontsOptions, thread: ThreadParts) {
    this.#options = options;
    this.#thread = thread;
  }

  /**
   * What makes two listeners with one address another socket all the same: how TLS is ended cannot be
   * changed in one that is open. What they show can.
   */
  static keyOf({ name, address, tls, proxyProtocol }: ListenerConfig, index: number): string {
    const key = formatAddress(address);
    if (tls === undefined) return key;
    const { alpn, handshakeTimeoutMs, certificates } = tls;
    const how = [alpn, handshakeTimeoutMs, certificates.length > 1, proxyProtocol !== undefined];
    return `${key} ${JSON.stringify([name, index, ...how])}`;
  }

  /** Listeners that are opened from now on show these certificates, by name. */
  prepare(certificates: ListenerCertificates): void {
    this.#next = certificates;
  }

  /** Those that are open already show them too. */
  commit(): void {
    const before = this.#certificates;
    this.#certificates = this.#next;
    for (const [name, certificates] of this.#next) {
      if (!isSame(before.get(name), certificates)) this.replaceCertificates(name, certificates);
    }
  }

  cancel(): void {
    this.#next = this.#certificates;
  }

  /**
   * Opens the socket of one listener.
   *
   * @param index place of the listener's cells in the shared table
   * @throws {ListenError}
   */
  open(config: ListenerConfig, index: number): Front {
    try {
      return this.#open(config, index);
    } catch (error) {
      throw new ListenError(config.name, error);
    }
  }

  /** Has a listener show other certificates from the next connection on. */
  replaceCertificates(listener: string, certificates: readonly ServerCertificate[]): void {
    this.#certificates = new Map([...this.#certificates, [listener, certificates]]);
    for (const acceptor of this.#secure.get(listener) ?? []) {
      acceptor.replaceCertificates?.(certificates);
    }
  }

  [Symbol.dispose](): void {
    for (const step of this.#steps) step[Symbol.dispose]();
  }

  #open(config: ListenerConfig, index: number): Front {
    const { transport, hopPorts } = this.#options;
    const { name, tls, address } = config;
    if (tls === undefined) return { acceptor: transport.listen(address), release: () => {} };
    const openPlain = () => transport.listen(address);
    const hop = this.#openHop(tls, name, hopPorts.get(name) ?? 0);
    const thread = this.#thread;
    const step = new TlsStep({
      config,
      index,
      timeoutMs: tls.handshakeTimeoutMs,
      hop: hop.hop,
      thread,
    });
    this.#steps.add(step);
    const release = () => {
      this.#steps.delete(step);
      step[Symbol.dispose]();
      this.#secure.get(name)?.delete(hop.acceptor);
    };
    // A PROXY header comes before TLS. And the runtime fails where a ClientHello comes in two pieces
    // and there is a choice to make.
    const isHopNeeded = config.proxyProtocol !== undefined || tls.certificates.length > 1;
    if (isHopNeeded) return { acceptor: openPlain(), tls: step, release };
    const acceptor = new SwitchingAcceptor({
      open: () => transport.listen(address, this.#terms(tls, name)),
      openOther: openPlain,
      wantsOther: () => step.isCrowded,
    });
    this.#addSecure(name, acceptor);
    return {
      acceptor,
      tls: step,
      release: () => {
        release();
        this.#secure.get(name)?.delete(acceptor);
      },
    };
  }

  #terms({ alpn }: TlsConfig, name: string): TlsTerms {
    const certificates = this.#next.get(name) ?? this.#certificates.get(name) ?? [];
    return { certificates, alpn };
  }

  #addSecure(name: string, acceptor: Acceptor): void {
    const known = this.#secure.get(name) ?? new Set();
    this.#secure.set(name, known.add(acceptor));
  }

  #openHop(tls: TlsConfig, name: string, port: number): { hop: TlsHop; acceptor: Acceptor } {
    const address = { kind: "tcp", hostname: "127.0.0.1", port } as const;
    const acceptor = this.#options.transport.listen(address, this.#terms(tls, name));
    this.#addSecure(name, acceptor);
    const { buffers, timeouts } = this.#thread;
    const hop = new TlsHop({
      acceptor,
      connect: () => connectLoopback(port),
      // What lies behind has its own timeouts; these are for what is left when it has ended.
      splice: { buffers, timeouts, idleTimeoutMs: END_MS, tunnelTimeoutMs: MAX_SILENCE_MS },
      thread: this.#thread,
    });
    return { hop, acceptor };
  }
}

const END_MS = 10_000;
const MAX_SILENCE_MS = 24 * 24 * 3_600_000;
