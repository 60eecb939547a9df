import type { ListenerConfig } from "../config/types.ts";
import type { ServerCertificate, TlsTerms } from "../core/server_certificate.ts";
import type { Acceptor, Transport } from "../net/transport.ts";
import type { ThreadParts } from "../proxy/tcp_route.ts";
import { ListenError } from "./listen_error.ts";
import { TlsStep } from "./tls_step.ts";

/** Certificates by listener; none where a listener does not end TLS. */
export type ListenerCertificates = readonly (readonly ServerCertificate[])[];

/** What a {@linkcode Listener} accepts from. */
export interface Front {
  readonly acceptor: Acceptor;
  /** Absent: there is no TLS. */
  readonly tls?: TlsStep;
}

/** Opens the listening sockets of one thread, and keeps those that end TLS supplied. */
export class Fronts {
  readonly #transport: Transport;
  readonly #certificates: ListenerCertificates;
  readonly #thread: ThreadParts;
  readonly #open = new Map<number, Front>();

  constructor(
    transport: Transport,
    certificates: ListenerCertificates | undefined,
    thread: ThreadParts,
  ) {
    this.#transport = transport;
    this.#certificates = certificates ?? [];
    this.#thread = thread;
  }

  /**
   * Opens the socket of one listener.
   *
   * @param index place of the listener's cells in the shared table
   * @throws {ListenError}
   */
  open(config: ListenerConfig, index: number): Front {
    const acceptor = this.#listen(config, this.#termsOf(config, index));
    const front = config.tls === undefined
      ? { acceptor }
      : { acceptor, tls: this.#stepOf(config, index, config.tls.handshakeTimeoutMs) };
    this.#open.set(index, front);
    return front;
  }

  /** Has a listener show other certificates from the next connection on. */
  replaceCertificates(index: number, certificates: readonly ServerCertificate[]): void {
    this.#open.get(index)?.acceptor.replaceCertificates?.(certificates);
  }

  /** Cuts handshakes under way. */
  abortAll(): void {
    for (const { tls } of this.#open.values()) tls?.abortAll();
  }

  #termsOf({ tls }: ListenerConfig, index: number): TlsTerms | undefined {
    if (tls === undefined) return undefined;
    return { certificates: this.#certificates[index] ?? [], alpn: tls.alpn };
  }

  #stepOf(config: ListenerConfig, index: number, timeoutMs: number): TlsStep {
    return new TlsStep(config, index, timeoutMs, this.#thread);
  }

  #listen({ name, address }: ListenerConfig, terms: TlsTerms | undefined): Acceptor {
    try {
      return this.#transport.listen(address, terms);
    } catch (error) {
      throw new ListenError(name, error);
    }
  }
}
