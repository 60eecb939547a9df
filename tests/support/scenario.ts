import { parse, stringify } from "@std/yaml";
import type {
  BackendStatus,
  ListenerStatus,
  ReloadHistory,
  Status,
} from "../../lib/runtime/status.ts";
import { connectTo } from "./clients.ts";
import { freeAddress } from "./free_port.ts";
import { TempFolder } from "./paths.ts";
import type { ChildProcess, Finished } from "./process.ts";
import { DEADLINE_MS, eventually, within } from "./wait.ts";
import { startWeir, type WeirLaunch } from "./weir.ts";

/** A part of a configuration, as it stands in the file. */
export type Settings = Readonly<Record<string, unknown>>;

/** One listener, one upstream, and what is special about them. */
export interface ScenarioOptions {
  /** Addresses of the backends, or their sections in the configuration. */
  readonly backends: readonly (string | Settings)[];
  /** Where Weir listens; a free loopback address unless set. */
  readonly address?: string;
  /** Added to the top of the configuration. */
  readonly top?: Settings;
  /** Added to the listener. */
  readonly listener?: Settings;
  /** Added to the upstream. */
  readonly upstream?: Settings;
  /** Added to how the process is started. */
  readonly launch?: Partial<WeirLaunch>;
}

/** Weir as a real process between servers and clients of the test. */
export class Scenario implements AsyncDisposable {
  readonly weir: ChildProcess;
  /** Where clients connect to. */
  readonly address: string;
  readonly admin: string;
  readonly configPath: string;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    weir: ChildProcess,
    place: { address: string; admin: string; configPath: string },
    stack: AsyncDisposableStack,
  ) {
    this.weir = weir;
    this.address = place.address;
    this.admin = place.admin;
    this.configPath = place.configPath;
    this.#stack = stack;
  }

  /** Writes the configuration, starts Weir and waits until it is ready. */
  static async start(options: ScenarioOptions): Promise<Scenario> {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await TempFolder.create());
    const address = options.address ?? freeAddress();
    const admin = freeAddress();
    const text = stringify(describe(options, address, admin), { skipInvalid: true });
    const configPath = await folder.write("weir.yaml", text);
    const { args = [], ...launch } = options.launch ?? {};
    const weir = stack.use(await startWeir({ args: ["--config", configPath, ...args], ...launch }));
    await weir.printed("stdout", / is ready/);
    return new Scenario(weir, { address, admin, configPath }, stack.move());
  }

  /** The configuration as it stands in the file, to be changed and handed to {@linkcode reload}. */
  async config(): Promise<Settings> {
    return parse(await Deno.readTextFile(this.configPath)) as Settings;
  }

  /** Writes another configuration and has Weir reload it; what came of it. */
  async reload(config: Settings): Promise<ReloadHistory> {
    const before = await this.reloads();
    await Deno.writeTextFile(this.configPath, stringify(config));
    this.weir.signal("SIGHUP");
    return await eventually("the reload", async () => {
      const now = await this.reloads();
      if (now.done + now.refused === before.done + before.refused) throw new Error("not yet");
      return now;
    });
  }

  async reloads(): Promise<ReloadHistory> {
    const { reloads } = await this.status();
    if (reloads === undefined) throw new Error("Cannot read how reloads went: no word of them");
    return reloads;
  }

  /** Opens a client connection. */
  connect(): Promise<Deno.Conn> {
    return connectTo(this.address);
  }

  /** Waits for a line of Weir's log. */
  waitForLog(pattern: RegExp): Promise<RegExpExecArray> {
    return this.weir.printed("stderr", pattern);
  }

  /** What Weir says about itself. */
  async status(): Promise<Status> {
    const response = await this.#ask("/api/v1/status");
    if (response.status !== 200) throw new Error(`Cannot read the status: ${response.body}`);
    return JSON.parse(response.body) as Status;
  }

  /** The status of the only listener. */
  async listenerStatus(): Promise<ListenerStatus> {
    const { listeners: [listener] } = await this.status();
    if (listener === undefined) throw new Error("Cannot read the status: no listener");
    return listener;
  }

  /** The status of the backends of the only upstream. */
  async backendStatus(): Promise<readonly BackendStatus[]> {
    return (await this.status()).upstreams.flatMap(({ backends }) => backends);
  }

  /** HTTP status of the readiness check. */
  async readiness(): Promise<number> {
    return (await this.#ask("/readyz")).status;
  }

  /** Changes a backend of the only upstream, as an operator would. */
  async changeBackend(id: string, change: Settings): Promise<BackendStatus> {
    const path = `/api/v1/upstreams/app/backends/${encodeURIComponent(id)}`;
    return await this.send("PATCH", path, change) as BackendStatus;
  }

  /** What the admin interface answers to JSON. */
  async send(method: string, path: string, json: unknown): Promise<unknown> {
    const headers = { "content-type": "application/json" };
    const { status, body } = await this.#ask(path, { method, headers, body: JSON.stringify(json) });
    if (status !== 200) throw new Error(`Cannot ${method} ${path}: ${body}`);
    return JSON.parse(body);
  }

  /** Ends Weir with a signal and waits for it. */
  async stop(signal: Deno.Signal = "SIGTERM", deadlineMs = DEADLINE_MS): Promise<Finished> {
    this.weir.signal(signal);
    return await this.weir.finished(deadlineMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }

  async #ask(path: string, init: RequestInit = {}): Promise<{ status: number; body: string }> {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const response = await within(path, fetch(`http://${this.admin}${path}`, { ...init, signal }));
    return { status: response.status, body: await response.text() };
  }
}

function describe(options: ScenarioOptions, address: string, admin: string): Settings {
  const backends = options.backends.map((backend) =>
    typeof backend === "string" ? { address: backend } : backend
  );
  return {
    workers: 2,
    admin: { address: admin },
    listeners: [{ name: "main", address, upstream: "app", ...options.listener }],
    upstreams: { app: { backends, ...options.upstream } },
    ...options.top,
  };
}
