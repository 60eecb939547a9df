import type { AdminConfig } from "../config/types.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import { isFamilyMissing } from "../net/deno_system.ts";
import type { EventHub } from "./event_hub.ts";
import { AdminHandler } from "./handler.ts";
import type { AdminTarget } from "./target.ts";

/** Where the admin listener is, and who may use it. */
export interface AdminRules {
  readonly config: AdminConfig;
  /** What requests have to carry; absent: nothing. */
  readonly token?: string | undefined;
}

/** What the admin listener works with. */
export interface AdminOptions extends AdminRules {
  readonly target: AdminTarget;
  readonly events: EventHub;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The admin listener, open. */
export interface AdminServer {
  /** The same address under other rules: who was let in before is not any more. */
  change(rules: AdminRules): void;
  /** Answers under way go out; streams of events have to be ended by who owns them. */
  stop(): Promise<void>;
}

/** Opens the admin listener. @throws {Error} of the system when it cannot */
export function startAdmin(options: AdminOptions): AdminServer {
  return new AdminListener(options);
}

/** Running out of file descriptors ends `Deno.serve` for good: this one is then opened again. */
class AdminListener implements AdminServer {
  #options: AdminOptions;
  #handler: AdminHandler;
  #server: Deno.HttpServer;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  constructor(options: AdminOptions) {
    this.#options = options;
    this.#handler = new AdminHandler(options);
    this.#server = this.#open();
  }

  change(rules: AdminRules): void {
    this.#options = { ...this.#options, ...rules };
    this.#handler = new AdminHandler(this.#options);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
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
