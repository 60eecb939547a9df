import { connectTo } from "./clients.ts";
import { freeAddress } from "./free_port.ts";
import { TempFolder } from "./paths.ts";
import type { Peer } from "./peers.ts";
import { ChildProcess, type Finished, runToEnd } from "./process.ts";
import { eventually } from "./wait.ts";

/** `ab` of Apache. */
export const AB: Peer = "ab";

/** What `wrk` counted. */
export interface WrkReport {
  readonly requests: number;
  /** Connect, read, write and timeout errors. */
  readonly socketErrors: number;
  /** Answers that were not 2xx or 3xx. */
  readonly badAnswers: number;
}

/** Runs `wrk` to its end. */
export async function runWrk(wrk: string, args: readonly string[]): Promise<WrkReport> {
  return readWrk(await runToEnd({ name: "wrk", argv: [wrk, ...args] }));
}

/** Runs `wrk` until told to stop. */
export class EndlessWrk implements AsyncDisposable {
  readonly #process: ChildProcess;

  constructor(wrk: string, args: readonly string[]) {
    this.#process = new ChildProcess({ name: "wrk", argv: [wrk, "-d1h", ...args] });
  }

  async stop(): Promise<WrkReport> {
    this.#process.signal("SIGINT");
    return readWrk(await this.#process.finished());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }
}

function readWrk({ code, stdout, stderr }: Finished): WrkReport {
  if (code !== 0) throw new Error(`Cannot run wrk: ${stdout}${stderr}`);
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/
    .exec(stdout)?.slice(1) ?? [];
  return {
    requests: Number(/(\d+) requests in /.exec(stdout)?.[1]),
    socketErrors: errors.reduce((sum, count) => sum + Number(count), 0),
    badAnswers: Number(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0),
  };
}

/** What `h2load` counted. */
export interface H2loadReport {
  readonly succeeded: number;
  readonly failed: number;
  readonly errored: number;
  readonly timeout: number;
  /** Answers that were not 2xx. */
  readonly badAnswers: number;
}

/** Runs `h2load` to its end. @throws {Error} when it does not say what came of its requests */
export async function runH2load(h2load: string, args: readonly string[]): Promise<H2loadReport> {
  const { stdout, stderr } = await runToEnd({ name: "h2load", argv: [h2load, ...args] });
  const counts = /(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/.exec(stdout);
  const codes = /status codes: \d+ 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx/.exec(stdout);
  if (counts === null || codes === null) throw new Error(`Cannot run h2load: ${stdout}${stderr}`);
  const [succeeded = 0, failed = 0, errored = 0, timeout = 0] = counts.slice(1).map(Number);
  const badAnswers = codes.slice(1).reduce((sum, count) => sum + Number(count), 0);
  return { succeeded, failed, errored, timeout, badAnswers };
}

/** NGINX over a folder, with uploads, and with as many connections as are wanted. */
export class NginxSite implements AsyncDisposable {
  readonly address: string;
  readonly #stack: AsyncDisposableStack;

  private constructor(address: string, stack: AsyncDisposableStack) {
    this.address = address;
    this.#stack = stack;
  }

  /** @param files what it serves, by name */
  static async start(nginx: string, files: Readonly<Record<string, string>>): Promise<NginxSite> {
    await using stack = new AsyncDisposableStack();
    const address = freeAddress();
    const folder = stack.use(await TempFolder.create());
    for (const [name, text] of Object.entries(files)) await folder.write(name, text);
    const path = await folder.write("nginx.conf", nginxConfig(address, folder.path));
    const argv = [nginx, "-p", folder.path, "-c", path];
    const process = stack.use(new ChildProcess({ name: "nginx", argv }));
    await eventually(`nginx: ${process.stderr.text}`, async () => {
      using _conn = await connectTo(address);
    });
    return new NginxSite(address, stack.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }
}

function nginxConfig(address: string, folder: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return [
    "daemon off;",
    "master_process off;",
    `pid ${folder}/nginx.pid;`,
    `error_log ${folder}/error.log;`,
    "events { worker_connections 1024; }",
    "http {",
    "  access_log off;",
    ...temporary.map((kind) => `  ${kind}_temp_path ${folder}/${kind};`),
    "  gzip on; gzip_types *; gzip_min_length 1;",
    "  server {",
    `    listen ${address};`,
    `    root ${folder};`,
    "    location /echo { return 200 $request_method:$content_type:$content_length; }",
    "  }",
    "}",
    "",
  ].join("\n");
}
