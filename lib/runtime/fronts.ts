import type { ListenerConfig } from "../config/types.ts";
import type { TlsConfig } from "../config/types_tls.ts";
import type { ServerCertificate, TlsTerms } from "../core/server_certificate.ts";
import { connectLoopback } from "../net/deno_transport.ts";
import { SwitchingAcceptor } from "../net/switching_acceptor.ts";
import type { Acceptor, Transport } from "../net/transport.ts";
import type { ThreadParts } from "../proxy/tcp_route.ts";
import type { HopPorts } from "./hop_ports.ts";
import { ListenError } from "./listen_error.ts";
import { TlsHop } from "./tls_hop.ts";
import { TlsStep } from "./tls_step.ts";

/** Certificates by listener; none where a listener does not end TLS. */
export type ListenerCertificates = readonly (readonly ServerCertificate[])[];

/** What {@linkcode Fronts} are made of. */
export interface FrontsOptions {
  readonly transport: Transport;
  readonly certificates?: ListenerCertificates;
  /** Ports of this thread for listeners with a hop. */
  readonly hopPorts?: HopPorts;
}

/** What a listener accepts from. */
export interface Front {
  readonly acceptor: Acceptor;
  /** Absent: there is no TLS. */
  readonly tls?: TlsStep;
}

/** Opens the listening sockets of one thread, and keeps those that end TLS supplied. */
export class Fronts implements Disposable {
  readonly #options: FrontsOptions;
  readonly #thread: ThreadParts;
  readonly #steps: TlsStep[] = [];
  /** By place of the listener. */
  readonly #certificates: Map<number, readonly ServerCertificate[]>;
  /** Acceptors that end TLS, by place of the listener. */
  readonly #secure = new Map<number, Acceptor[]>();

  constructor(options: FrontsOptions, thread: ThreadParts) {
    this.#options = options;
    this.#thread = thread;
    this.#certificates = new Map(options.certificates?.entries());
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
  replaceCertificates(index: number, certificates: readonly ServerCertificate[]): void {
    this.#certificates.set(index, certificates);
    for (const acceptor of this.#secure.get(index) ?? []) {
      acceptor.replaceCertificates?.(certificates);
    }
  }

  [Symbol.dispose](): void {
    for (const step of this.#steps) step[Symbol.dispose]();
  }

  #open(config: ListenerConfig, index: number): Front {
    const { transport, hopPorts } = this.#options;
    const { tls, address } = config;
    if (tls === undefined) return { acceptor: transport.listen(address) };
    const openPlain = () => transport.listen(address);
    const hop = this.#openHop(tls, index, hopPorts?.[index] ?? 0);
    const thread = this.#thread;
    const step = new TlsStep({ config, index, timeoutMs: tls.handshakeTimeoutMs, hop, thread });
    this.#steps.push(step);
    // A PROXY header comes before TLS. And the runtime fails where a ClientHello comes in two pieces
    // and there is a choice to make.
    const isHopNeeded = config.proxyProtocol !== undefined || tls.certificates.length > 1;
    if (isHopNeeded) return { acceptor: openPlain(), tls: step };
    const acceptor = new SwitchingAcceptor({
      open: () => transport.listen(address, this.#terms(tls, index)),
      openOther: openPlain,
      wantsOther: () => step.isCrowded,
    });
    this.#addSecure(index, acceptor);
    return { acceptor, tls: step };
  }

  #terms({ alpn }: TlsConfig, index: number): TlsTerms {
    return { certificates: this.#certificates.get(index) ?? [], alpn };
  }

  #addSecure(index: number, acceptor: Acceptor): void {
    this.#secure.set(index, [...this.#secure.get(index) ?? [], acceptor]);
  }

  #openHop(tls: TlsConfig, index: number, port: number): TlsHop {
    const address = { kind: "tcp", hostname: "127.0.0.1", port } as const;
    const acceptor = this.#options.transport.listen(address, this.#terms(tls, index));
    this.#addSecure(index, acceptor);
    const { buffers, timeouts } = this.#thread;
    return new TlsHop({
      acceptor,
      connect: () => connectLoopback(port),
      // What lies behind has its own timeouts; these are for what is left when it has ended.
      splice: { buffers, timeouts, idleTimeoutMs: END_MS, tunnelTimeoutMs: MAX_SILENCE_MS },
      thread: this.#thread,
    });
  }
}

const END_MS = 10_000;
const MAX_SILENCE_MS = 24 * 24 * 3_600_000;
