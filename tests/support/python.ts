import { ask } from "./clients.ts";
import { freeAddress } from "./free_port.ts";
import { TempFolder } from "./paths.ts";
import { ChildProcess } from "./process.ts";
import { eventually } from "./wait.ts";

/** `python3 -m http.server` over a folder with one file, `name`, that holds the server's name. */
export class PythonServer implements AsyncDisposable {
  readonly name: string;
  readonly address: string;
  readonly #folder: TempFolder;
  readonly #python: string;
  #process: ChildProcess;

  private constructor(python: string, name: string, folder: TempFolder) {
    this.name = name;
    this.address = freeAddress();
    this.#folder = folder;
    this.#python = python;
    this.#process = this.#spawn();
  }

  static async start(python: string, name: string): Promise<PythonServer> {
    const folder = await TempFolder.create();
    await folder.write("name", `${name}\n`);
    const server = new PythonServer(python, name, folder);
    await server.#answers();
    return server;
  }

  /** Ends it the hard way. */
  async kill(): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  /** Stops it, or lets it go on. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#process.signal(signal);
  }

  /** Starts it once more on the same port. */
  async restart(): Promise<void> {
    this.#process = this.#spawn();
    await this.#answers();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#folder[Symbol.asyncDispose]();
  }

  #spawn(): ChildProcess {
    const [hostname = "", port = ""] = this.address.split(":");
    const words = ["-m", "http.server", port, "--bind", hostname, "--directory"];
    return new ChildProcess({
      name: `python3 http.server ${this.name}`,
      argv: [this.#python, ...words, this.#folder.path],
    });
  }

  async #answers(): Promise<void> {
    await eventually(`${this.name} on ${this.address}`, () => askName(this.address));
  }
}

/** Fetches `/name` over a connection of its own. */
export async function askName(address: string): Promise<string> {
  const answer = await ask(address, "GET /name HTTP/1.0\r\n\r\n");
  const [head, body] = answer.split("\r\n\r\n");
  if (body !== undefined && head?.includes(" 200 ")) return body.trim();
  throw new Error(`Cannot use answer "${answer}": must be 200 with a name`);
}
