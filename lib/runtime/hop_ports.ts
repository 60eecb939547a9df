import type { Config } from "../config/types.ts";

/** Ports of loopback by name of the listener; there is one where it ends TLS. */
export type HopPorts = ReadonlyMap<string, number>;

/**
 * Ports of loopback that belong to one thread. They are bound here, before the thread's permissions
 * are made, and nobody accepts on them: the thread shares the accept queue, as threads share those of
 * listeners, so no other program can take the port in between or when a thread is replaced.
 */
export class HopReservation implements Disposable {
  readonly ports: HopPorts;
  readonly #listeners: Deno.Listener[] = [];

  /** @throws {Error} of the system when there is no port */
  constructor(config: Config) {
    const secure = config.listeners.filter(({ tls }) => tls !== undefined);
    this.ports = new Map(secure.map(({ name }) => [name, this.#take()]));
  }

  /** Whether there is a port for each listener of a configuration that ends TLS. */
  isEnoughFor({ listeners }: Config): boolean {
    return listeners.every(({ name, tls }) => tls === undefined || this.ports.has(name));
  }

  [Symbol.dispose](): void {
    for (const listener of this.#listeners.splice(0)) listener.close();
  }

  #take(): number {
    for (let tries = 0;; tries++) {
      try {
        // Threads find the queue by the port they ask for, so zero would be one queue for all.
        const listener = Deno.listen(sharedOptions(freePort()));
        this.#listeners.push(listener);
        return listener.addr.port;
      } catch (error) {
        // Somebody was faster.
        if (!(error instanceof Deno.errors.AddrInUse) || tries >= MAX_TRIES) throw error;
      }
    }
  }
}

const MAX_TRIES = 20;

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function sharedOptions(port: number): Deno.TcpListenOptions & { loadBalanced: boolean } {
  return { hostname: "127.0.0.1", port, loadBalanced: true, tcpBacklog: BACKLOG };
}

const BACKLOG = 4096;
