import { freeAddress } from "./free_port.ts";
import { fromFileUrl } from "./paths.ts";
import { ChildProcess } from "./process.ts";
import { type Conduct, WELL } from "./sick_conduct.ts";

const SCRIPT = fromFileUrl(new URL("./sick_server.ts", import.meta.url));

/** What a {@linkcode SickBackend} does before and after it falls ill. */
export interface SickBackendOptions {
  /** Given as name in the configuration, and as the body of answers. */
  readonly name: string;
  readonly well?: Conduct;
  /** What is other than while it is well. */
  readonly sick?: Partial<Conduct>;
}

/** A backend in a process of its own that falls ill when it is told. */
export class SickBackend implements AsyncDisposable {
  readonly name: string;
  readonly address = freeAddress();
  readonly #process: ChildProcess;

  private constructor({ name, well = WELL, sick = {} }: SickBackendOptions) {
    this.name = name;
    const [hostname = "", port = ""] = this.address.split(":");
    const conducts = JSON.stringify({ well, sick: { ...well, ...sick } });
    const argv = [Deno.execPath(), "run", "--no-prompt", "--allow-net", SCRIPT];
    this.#process = new ChildProcess({ name, argv: [...argv, hostname, port, name, conducts] });
  }

  static async start(options: SickBackendOptions): Promise<SickBackend> {
    await using stack = new AsyncDisposableStack();
    const backend = stack.use(new SickBackend(options));
    await backend.#process.printed("stderr", /listens/);
    stack.move();
    return backend;
  }

  /** Resolves once it is. */
  async sicken(): Promise<void> {
    this.#process.signal("SIGUSR2");
    await this.#process.printed("stderr", /is sick/);
  }

  /** Stops, continues or kills the process, and does not wait. */
  signal(signal: "SIGSTOP" | "SIGCONT" | "SIGKILL" | "SIGHUP"): void {
    this.#process.signal(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}
