import { EventHub } from "../admin/event_hub.ts";
import { type AdminServer, startAdmin } from "../admin/server.ts";
import { readToken } from "../config/admin_token.ts";
import { systemEnvironment } from "../config/load.ts";
import { addBackend, removeBackend } from "../config/overlay.ts";
import type { Config } from "../config/types.ts";
import { formatAddress } from "../core/address.ts";
import { messageOf } from "../core/errors.ts";
import type { EmitEvent } from "../core/events.ts";
import { inCategory, type Logger } from "../core/log.ts";
import type { Status } from "../runtime/status.ts";
import { configOf } from "../runtime/layout.ts";
import type { Supervisor } from "../runtime/supervisor.ts";
import { systemClock } from "../runtime/system_clock.ts";
import type { Reloader } from "./reloader.ts";

/** What an {@linkcode AdminPart} works with. */
export interface AdminPartOptions {
  readonly config: Config;
  readonly log: Logger;
}

/** The admin interface of the process: what it tells, and what it can have done. */
export class AdminPart {
  readonly #options: AdminPartOptions;
  readonly #events: EventHub;
  #status: (() => Status) | undefined;
  #server: AdminServer | undefined;

  constructor(options: AdminPartOptions) {
    this.#options = options;
    this.#events = new EventHub({
      clock: systemClock,
      wallMs: () => Date.now(),
      stats: () => this.#status?.(),
    });
  }

  /** Tells those who listen. */
  readonly emit: EmitEvent = (event) => this.#events.emit(event);

  /** Opens the listener, if one is configured. @throws {Error} saying why it cannot */
  async start(supervisor: Supervisor, reloader: Reloader): Promise<void> {
    const { admin } = this.#options.config;
    if (admin === undefined) return;
    const log = inCategory(this.#options.log, "admin");
    const status = () => ({
      ...supervisor.status(),
      reloads: reloader.history,
      overlay: reloader.overlay,
    });
    this.#status = status;
    const token = admin.tokenFile === undefined ? undefined : await tokenIn(admin.tokenFile, log);
    try {
      this.#server = startAdmin({
        config: admin,
        token,
        clock: systemClock,
        log,
        events: this.#events,
        target: {
          isReady: () => supervisor.ready,
          status,
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
            return reloader.change((file, overlay) => {
              return removeBackend(file, overlay, { upstream, id });
            });
          },
          explain: (question) => supervisor.explain(question),
        },
      });
    } catch (error) {
      const address = formatAddress(admin.address);
      throw new Error(`cannot open the admin listener on ${address}: ${messageOf(error)}`);
    }
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }
}

/** @throws {Error} saying what is wrong with the file */
async function tokenIn(path: string, log: Logger): Promise<string> {
  const read = await readToken(path, systemEnvironment().files);
  if (!read.ok) throw new Error(`cannot read the admin token "${path}": ${read.message}`);
  const { mode } = await Deno.stat(path);
  if (mode !== null && (mode & 0o004) !== 0) {
    const message = "Admin token can be read by everybody on this machine";
    log.write({ level: "warning", message, fields: { file: path } });
  }
  return read.token;
}
