import type { AdminConfig } from "../config/types.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import { isFamilyMissing } from "../net/deno_system.ts";
import type { EventHub } from "./event_hub.ts";
import { AdminHandler } from "./handler.ts";
import type { AdminTarget } from "./target.ts";

/** What the admin listener works with. */
export interface AdminOptions {
  readonly config: AdminConfig;
  /** What requests have to carry; absent: nothing. */
  readonly token?: string | undefined;
  readonly target: AdminTarget;
  readonly events: EventHub;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The admin listener, open. */
export interface AdminServer {
  stop(): Promise<void>;
}

/** Opens the admin listener. @throws {Error} of the system when it cannot */
export function startAdmin(options: AdminOptions): AdminServer {
  return new AdminListener(options);
}

/** Running out of file descriptors ends `Deno.serve` for good: this one is then opened again. */
class AdminListener implements AdminServer {
  readonly #options: AdminOptions;
  readonly #handler: AdminHandler;
  #server: Deno.HttpServer;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  constructor(options: AdminOptions) {
    this.#options = options;
    this.#handler = new AdminHandler(options);
    this.#server = this.#open();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#options.events[Symbol.dispose]();
    // A client that does not read its answer would hold the process for as long as it likes.
    const late = Promise.withResolvers<void>();
    const deadline = setTimeout(late.resolve, STOP_MS);
    await Promise.race([this.#server.shutdown(), late.promise]);
    clearTimeout(deadline);
  }

  #open(): Deno.HttpServer {
    const { hostname } = this.#options.config.address;
    try {
      return this.#serve(hostname);
    } catch (error) {
      // As other listeners do it on a machine without IPv6.
      if (hostname !== "::" || !isFamilyMissing(error)) throw error;
      return this.#serve("0.0.0.0");
    }
  }

  #serve(hostname: string): Deno.HttpServer {
    const { port } = this.#options.config.address;
    const server = Deno.serve({ hostname, port, onListen: () => {} }, (request, { remoteAddr }) => {
      return this.#handler.answer(request, remoteAddr.hostname);
    });
    const reopen = () => this.#onEnd();
    server.finished.then(reopen, reopen);
    return server;
  }

  #onEnd(): void {
    if (this.#stopped) return;
    const message = "Admin listener broke down and is opened again";
    this.#options.log.write({ level: "warning", message, fields: {} });
    this.#reopenLater();
  }

  #reopenLater(): void {
    if (!this.#stopped) this.#timer = setTimeout(() => this.#reopen(), REOPEN_MS);
  }

  #reopen(): void {
    try {
      this.#server = this.#open();
    } catch {
      // Still none free: another try follows.
      this.#reopenLater();
    }
  }
}

const REOPEN_MS = 500;
/** Answers under way have this long to go out when the listener stops. */
const STOP_MS = 1000;
