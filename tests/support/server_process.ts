import { freeAddress } from "./free_port.ts";
import { fromFileUrl } from "./paths.ts";
import { ChildProcess } from "./process.ts";

const SCRIPT = fromFileUrl(new URL("./named_server.ts", import.meta.url));

/** A backend in a process of its own, which can be killed. */
export class ServerProcess implements AsyncDisposable {
  readonly name: string;
  readonly address: string;
  #process: ChildProcess;

  private constructor(name: string) {
    this.name = name;
    this.address = freeAddress();
    this.#process = this.#spawn();
  }

  static async start(name: string): Promise<ServerProcess> {
    const server = new ServerProcess(name);
    await server.#process.printed("stderr", /listens/);
    return server;
  }

  /** Sends SIGKILL, and does not wait. */
  kill(): void {
    this.#process.signal("SIGKILL");
  }

  /** Starts it once more at the same address. */
  async restart(): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    this.#process = this.#spawn();
    await this.#process.printed("stderr", /listens/);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  #spawn(): ChildProcess {
    const [hostname = "", port = ""] = this.address.split(":");
    const argv = [Deno.execPath(), "run", "--no-prompt", "--allow-net", SCRIPT];
    return new ChildProcess({ name: this.name, argv: [...argv, hostname, port, this.name] });
  }
}
