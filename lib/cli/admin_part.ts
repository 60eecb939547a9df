import { EventHub } from "../admin/event_hub.ts";
import { type AdminRules, type AdminServer, startAdmin } from "../admin/server.ts";
import type { AdminTarget } from "../admin/target.ts";
import { readToken } from "../config/admin_token.ts";
import { systemEnvironment } from "../config/load.ts";
import { addBackend, removeBackend } from "../config/overlay.ts";
import type { Config } from "../config/types.ts";
import { formatAddress } from "../core/address.ts";
import { messageOf } from "../core/errors.ts";
import type { EmitEvent } from "../core/events.ts";
import { type Preparable, type Prepared, UNCHANGED } from "../core/prepared.ts";
import { isSame } from "../core/same.ts";
import { inCategory, type Logger } from "../core/log.ts";
import { configOf } from "../runtime/layout.ts";
import type { Supervisor } from "../runtime/supervisor.ts";
import { systemClock } from "../runtime/system_clock.ts";
import type { Reloader } from "./reloader.ts";

/** What an {@linkcode AdminPart} works with. */
export interface AdminPartOptions {
  readonly log: Logger;
}

/** The admin interface of the process: what it tells, and what it can have done. */
export class AdminPart implements Preparable<Config> {
  readonly #options: AdminPartOptions;
  readonly #events: EventHub;
  #target: AdminTarget | undefined;
  #open: OpenAdmin | undefined;

  constructor(options: AdminPartOptions) {
    this.#options = { log: inCategory(options.log, "admin") };
    this.#events = new EventHub({
      clock: systemClock,
      wallMs: () => Date.now(),
      stats: () => this.#target?.status(),
    });
  }

  /** Tells those who listen. */
  readonly emit: EmitEvent = (event) => this.#events.emit(event);

  /** Opens the listener, if one is configured. @throws {Error} saying why it cannot */
  async start(supervisor: Supervisor, reloader: Reloader): Promise<void> {
    this.#target = adminTarget(supervisor, reloader);
    (await this.prepare(supervisor.config)).commit();
  }

  /** Opens what another configuration names. @throws {Error} saying why it cannot */
  async prepare({ admin }: Config): Promise<Prepared> {
    if (admin === undefined) return { commit: () => this.#replace(undefined), cancel() {} };
    const token = admin.tokenFile === undefined ? undefined : await this.#token(admin.tokenFile);
    const rules = { config: admin, token };
    const now = this.#open;
    if (now === undefined || !isSame(now.rules.config.address, admin.address)) {
      const server = this.#listen(rules);
      return {
        commit: () => this.#replace({ server, rules }),
        cancel: () => void server.stop(),
      };
    }
    if (isSame(now.rules, rules)) return UNCHANGED;
    const { server } = now;
    const commit = () => {
      this.#events.disconnect();
      server.change(rules);
      this.#open = { server, rules };
    };
    return { commit, cancel() {} };
  }

  async stop(): Promise<void> {
    this.#events[Symbol.dispose]();
    await this.#open?.server.stop();
  }

  /** The one before answers what it was asked, the word for this one among that. */
  #replace(next: OpenAdmin | undefined): void {
    this.#events.disconnect();
    void this.#open?.server.stop();
    this.#open = next;
  }

  #listen(rules: AdminRules): AdminServer {
    const { log } = this.#options;
    const target = this.#target;
    if (target === undefined) throw new Error("The admin interface has not been started");
    try {
      return startAdmin({ ...rules, clock: systemClock, log, events: this.#events, target });
    } catch (error) {
      const address = formatAddress(rules.config.address);
      throw new Error(`cannot open the admin listener on ${address}: ${messageOf(error)}`);
    }
  }

  /** @throws {Error} saying what is wrong with the file */
  async #token(path: string): Promise<string> {
    const read = await readToken(path, systemEnvironment().files);
    if (!read.ok) throw new Error(`cannot read the admin token "${path}": ${read.message}`);
    const { mode } = await Deno.stat(path);
    if (mode !== null && (mode & 0o004) !== 0) {
      const message = "Admin token can be read by everybody on this machine";
      this.#options.log.write({ level: "warning", message, fields: { file: path } });
    }
    return read.token;
  }
}

/** A listener, and what it was opened by. */
interface OpenAdmin {
  readonly server: AdminServer;
  readonly rules: AdminRules;
}

function adminTarget(supervisor: Supervisor, reloader: Reloader): AdminTarget {
  return {
    isReady: () => supervisor.ready,
    status: () => ({
      ...supervisor.status(),
      reloads: reloader.history,
      overlay: reloader.overlay,
    }),
    metrics: () => supervisor.metrics(reloader.history),
    config: () => configOf(supervisor.config),
    changeBackend: (...change) => supervisor.changeBackend(...change),
    setLogLevel: (level) => supervisor.setLogLevel(level),
    reload: () => reloader.reload(),
    plan: (name, text) => reloader.plan(name, text),
    pending: () => reloader.pending(),
    configText: () => reloader.text(),
    addBackend: (upstream, backend) => {
      return reloader.change((file, overlay) => {
        return addBackend(file, overlay, { upstream, ...backend });
      });
    },
    removeBackend: (upstream, id) => {
      return reloader.change((file, overlay) => removeBackend(file, overlay, { upstream, id }));
    },
    explain: (question) => supervisor.explain(question),
  };
}
