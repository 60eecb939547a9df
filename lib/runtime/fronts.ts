import type { ListenerConfig } from "../config/types.ts";
import type { TlsConfig } from "../config/types_tls.ts";
import type { ServerCertificate, TlsTerms } from "../core/server_certificate.ts";
import { connectLoopback } from "../net/deno_transport.ts";
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
  /** Acceptors that end TLS, by place of the listener. */
  readonly #secure = new Map<number, Acceptor>();

  constructor(options: FrontsOptions, thread: ThreadParts) {
    this.#options = options;
    this.#thread = thread;
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
    this.#secure.get(index)?.replaceCertificates?.(certificates);
  }

  /** Cuts handshakes under way. */
  abortAll(): void {
    for (const step of this.#steps) step.abortAll();
  }

  [Symbol.dispose](): void {
    for (const step of this.#steps) step[Symbol.dispose]();
  }

  #open(config: ListenerConfig, index: number): Front {
    const { transport, hopPorts } = this.#options;
    const { tls, address } = config;
    if (tls === undefined) return { acceptor: transport.listen(address) };
    const port = hopPorts?.[index];
    const acceptor = transport.listen(
      address,
      port === undefined ? this.#terms(tls, index) : undefined,
    );
    const hop = port === undefined ? undefined : this.#openHop(tls, index, port);
    if (hop === undefined) this.#secure.set(index, acceptor);
    const thread = this.#thread;
    const step = new TlsStep({ config, index, timeoutMs: tls.handshakeTimeoutMs, hop, thread });
    this.#steps.push(step);
    return { acceptor, tls: step };
  }

  #terms({ alpn }: TlsConfig, index: number): TlsTerms {
    return { certificates: this.#options.certificates?.[index] ?? [], alpn };
  }

  #openHop(tls: TlsConfig, index: number, port: number): TlsHop {
    const address = { kind: "tcp", hostname: "127.0.0.1", port } as const;
    const acceptor = this.#options.transport.listen(address, this.#terms(tls, index));
    this.#secure.set(index, acceptor);
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
