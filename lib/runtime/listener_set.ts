import type { ListenerConfig } from "../config/types.ts";
import type { HttpFront } from "../proxy/http_route.ts";
import { HttpProxy } from "../proxy/http_proxy.ts";
import type { SniProxy } from "../proxy/sni_proxy.ts";
import { TcpProxy } from "../proxy/tcp_proxy.ts";
import type { TcpRoute, ThreadParts } from "../proxy/tcp_route.ts";
import { type Front, Fronts } from "./fronts.ts";
import { Listener, type Service } from "./listener.ts";

/** Where a listener's connections are to go, ready to be put to use. */
export type Way =
  | { readonly protocol: "tcp"; readonly route: TcpRoute }
  | { readonly protocol: "sni"; readonly proxy: SniProxy }
  | { readonly protocol: "http"; readonly front: HttpFront };

/** A listener as a configuration wants it. */
export interface WantedListener extends Omit<Service, "handler" | "tls"> {
  readonly way: Way;
}

/** What a {@linkcode ListenerSet} takes from outside. */
export interface ListenerSetOptions {
  readonly thread: ThreadParts;
  readonly fronts: Fronts;
}

/** Carries the connections of one listener. */
export type Proxy = TcpProxy | SniProxy | HttpProxy;

/** One open listener with what carries its connections. */
interface Open {
  readonly listener: Listener;
  readonly front: Front;
  proxy: Proxy;
}

/** Opened for a configuration that is not in force yet. */
interface Pending {
  readonly wanted: readonly WantedListener[];
  readonly opened: Map<string, Front>;
}

/** The listeners of one thread, from one configuration to the next. A socket is kept by its address. */
export class ListenerSet implements Disposable {
  readonly #options: ListenerSetOptions;
  readonly #open = new Map<string, Open>();
  /** Of listeners that were closed, or whose protocol changed, while they have connections. */
  readonly #leaving = new Set<Proxy>();
  readonly #draining = new Set<Listener>();
  readonly #running = new Set<Promise<void>>();
  readonly #done = Promise.withResolvers<void>();
  #pending: Pending | undefined;

  constructor(options: ListenerSetOptions) {
    this.#options = options;
  }

  /** Opens what is not open yet. @throws {ListenError} with nothing more open than before */
  prepare(wanted: readonly WantedListener[]): void {
    const opened = new Map<string, Front>();
    this.#pending = { wanted, opened };
    for (const { config, index } of wanted) {
      const key = Fronts.keyOf(config, index);
      if (!this.#open.has(key)) opened.set(key, this.#openFront(config, index));
    }
  }

  /** Gives up what was prepared. */
  cancel(): void {
    for (const { acceptor, release } of this.#pending?.opened.values() ?? []) {
      acceptor[Symbol.dispose]();
      release();
    }
    this.#pending = undefined;
  }

  /**
   * Puts what was prepared to use, and closes what is wanted no more.
   *
   * @returns what carries the connections of the closed ones to their end
   */
  commit(): readonly Proxy[] {
    if (this.#pending === undefined) return [];
    const before = this.#proxies();
    const { wanted, opened } = this.#pending;
    this.#pending = undefined;
    const stay = new Set(wanted.map(({ config, index }) => Fronts.keyOf(config, index)));
    for (const [key, open] of this.#open) if (!stay.has(key)) this.#close(key, open);
    for (const listener of wanted) {
      const key = Fronts.keyOf(listener.config, listener.index);
      const known = this.#open.get(key);
      if (known === undefined) this.#begin(key, opened.get(key)!, listener);
      else this.#change(known, listener);
    }
    return before.filter((proxy) => this.#leaving.has(proxy));
  }

  /** Resolves when all have been closed. */
  async untilClosed(): Promise<void> {
    await this.#done.promise;
  }

  /** Closes all; resolves once the last connection has ended. */
  async drain(): Promise<void> {
    this.closeAll();
    for (const proxy of this.#proxies()) proxy.drain();
    await this.#untilIdle();
  }

  /** The same, but with time for clients that are about to send a request. */
  async retire(): Promise<void> {
    this.closeAll();
    for (const proxy of this.#proxies()) proxy.retire();
    await this.#untilIdle();
  }

  /** Closes those on Unix sockets; their connections go on. */
  releaseUnix(): void {
    for (const [key, open] of this.#open) if (key.startsWith("unix:")) this.#close(key, open);
  }

  /** Accepts nothing more. */
  closeAll(): void {
    this.cancel();
    for (const { listener } of this.#open.values()) listener[Symbol.dispose]();
    this.#settle();
  }

  /** Cuts every connection. */
  abort(): void {
    for (const { listener } of this.#open.values()) listener.abort();
    for (const listener of this.#draining) listener.abort();
    for (const proxy of this.#proxies()) proxy.abortAll();
  }

  /** Cuts the connections to servers, by their places in the shared table. */
  abortBackends(places: ReadonlySet<number>): void {
    if (places.size === 0) return;
    for (const proxy of this.#proxies()) proxy.abortBackends(places);
  }

  [Symbol.dispose](): void {
    this.closeAll();
    this.abort();
  }

  #begin(key: string, front: Front, { way, ...service }: WantedListener): void {
    const proxy = createProxy(way);
    const { thread } = this.#options;
    const { acceptor } = front;
    const listener = new Listener({ acceptor, service: serve(service, proxy, front), thread });
    this.#open.set(key, { listener, front, proxy });
    const running = listener.run();
    this.#running.add(running);
    // Never rejects.
    void running.then(() => this.#ended(running));
  }

  #change(open: Open, { way, ...service }: WantedListener): void {
    if (way.protocol === "tcp" && open.proxy instanceof TcpProxy) open.proxy.reroute(way.route);
    else if (way.protocol === "http" && open.proxy instanceof HttpProxy) {
      open.proxy.reroute(way.front);
    } else {
      this.#leave(open.proxy);
      open.proxy = createProxy(way);
    }
    open.listener.serveAs(serve(service, open.proxy, open.front));
  }

  #close(key: string, { listener, front, proxy }: Open): void {
    this.#open.delete(key);
    listener[Symbol.dispose]();
    this.#leave(proxy);
    this.#draining.add(listener);
    void listener.idle().then(() => {
      this.#draining.delete(listener);
      front.release();
    });
  }

  /** Its connections may end by themselves. */
  #leave(proxy: Proxy): void {
    proxy.retire();
    for (const old of this.#leaving) if (old.active === 0) this.#leaving.delete(old);
    this.#leaving.add(proxy);
  }

  async #untilIdle(): Promise<void> {
    const listeners = [...this.#open.values()].map(({ listener }) => listener);
    await Promise.all([...listeners, ...this.#draining].map((listener) => listener.idle()));
  }

  #ended(running: Promise<void>): void {
    this.#running.delete(running);
    this.#settle();
  }

  #settle(): void {
    if (this.#running.size === 0) this.#done.resolve();
  }

  #proxies(): (Proxy)[] {
    return [...[...this.#open.values()].map(({ proxy }) => proxy), ...this.#leaving];
  }

  #openFront(config: ListenerConfig, index: number): Front {
    try {
      return this.#options.fronts.open(config, index);
    } catch (error) {
      this.cancel();
      throw error;
    }
  }
}

function serve(service: Omit<Service, "handler">, proxy: Proxy, { tls }: Front): Service {
  return { ...service, handler: proxy.handle.bind(proxy), ...(tls && { tls }) };
}

function createProxy(way: Way): Proxy {
  switch (way.protocol) {
    case "tcp":
      return new TcpProxy(way.route);
    case "sni":
      return way.proxy;
    case "http":
      return new HttpProxy(way.front);
  }
}
