import type { ChangeResult } from "../../lib/admin/change_result.ts";
import { EventHub } from "../../lib/admin/event_hub.ts";
import { AdminHandler } from "../../lib/admin/handler.ts";
import { EditError } from "../../lib/config/edit.ts";
import type { NewBackend } from "../../lib/config/overlay.ts";
import type { AdminConfig } from "../../lib/config/types.ts";
import type { AdminTarget, BackendPatch } from "../../lib/admin/target.ts";
import { configOf, tcp, upstreamConfig } from "../support/configs.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemoryLog } from "../support/memory_log.ts";

export const TOKEN = "correct-horse-battery-staple";

/** One request to the admin interface. */
export interface Ask {
  readonly method?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly body?: BodyInit;
  readonly peer?: string;
}

/** What is different about a test's admin interface. */
export interface AdminBenchOptions extends Partial<AdminConfig> {
  readonly token?: string;
}

/** The admin interface over a Weir that only notes what it is told to do. */
export class AdminBench implements Disposable {
  readonly clock = new FakeClock();
  readonly log = new MemoryLog();
  readonly changes: (readonly [upstream: string, backend: string, patch: BackendPatch])[] = [];
  readonly levels: string[] = [];
  readonly added: (readonly [upstream: string, backend: NewBackend])[] = [];
  readonly removed: (readonly [upstream: string, backend: string])[] = [];
  readonly events: EventHub;
  /** What changes of the configuration come to. */
  result: ChangeResult = { ok: false, why: "conflict", problems: ["not now"] };
  isReady = true;
  isBroken = false;
  readonly target: AdminTarget = {
    isReady: () => this.isReady,
    status: () => {
      if (this.isBroken) throw new Error("inner workings");
      return { ready: this.isReady, upstreams: UPSTREAMS };
    },
    metrics: () => "weir_ready 1\n",
    config: () => configOf([], [{ ...upstreamConfig("app", [tcp(1)]), sticky: STICKY }]),
    changeBackend: (...change) => {
      this.changes.push(change);
      return true;
    },
    setLogLevel: (level) => this.levels.push(level),
    addBackend: (...change) => {
      this.added.push(change);
      return Promise.resolve(this.result);
    },
    removeBackend: (...change) => {
      this.removed.push(change);
      return Promise.resolve(this.result);
    },
    plan: (name, text) => Promise.resolve(this.result.ok ? { name, text } : this.result),
    pending: () => Promise.resolve(this.result.ok ? { edits: [] } : this.result),
    configText: () => {
      return this.result.ok ? Promise.resolve(YAML) : Promise.reject(new EditError("not now"));
    },
    reload: () => Promise.resolve(this.result),
    explain: (question) => Promise.resolve({ question }),
  };
  readonly handler: AdminHandler;

  constructor({ token, ...changes }: AdminBenchOptions = {}) {
    this.events = new EventHub({ clock: this.clock, wallMs: () => 0, stats: () => ({}) });
    this.handler = new AdminHandler({
      config: {
        address: { kind: "tcp", hostname: "127.0.0.1", port: 9000 },
        hosts: [],
        ...changes,
      },
      token,
      target: this.target,
      events: this.events,
      clock: this.clock,
      log: this.log,
    });
  }

  ask(path: string, options: Ask = {}): Promise<Response> {
    const { method = "GET", host = "127.0.0.1:9000", headers, json, body, peer } = options;
    const all = new Headers({ host, ...headers });
    if (json !== undefined && !all.has("content-type")) {
      all.set("content-type", "application/json");
    }
    const sent = json === undefined ? body : JSON.stringify(json);
    const request = new Request(`http://127.0.0.1:9000${path}`, {
      method,
      headers: all,
      ...(sent === undefined ? {} : { body: sent }),
    });
    return this.handler.answer(request, peer ?? "127.0.0.1");
  }

  async statusOf(path: string, options: Ask = {}): Promise<number> {
    const response = await this.ask(path, options);
    await response.body?.cancel();
    return response.status;
  }

  [Symbol.dispose](): void {
    this.events[Symbol.dispose]();
  }
}

const YAML = [
  "# token: abcdef",
  "log: { level: info } # as usual",
  "upstreams:",
  "  app:",
  "    sticky: { cookie: weir, secret: not to be shown }",
  "",
].join("\n");
const STICKY = { cookie: "weir", ttlMs: 1000, secret: "not to be shown" };

const UPSTREAMS = [
  { name: "app", backends: [{ id: "app-1" }, { id: "unix:/run/app.sock" }] },
  { name: "api", backends: [{ id: "api-1" }] },
];
