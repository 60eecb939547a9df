import { connectTo } from "./clients.ts";
import { freeAddress } from "./free_port.ts";
import { TempFolder } from "./paths.ts";
import { ChildProcess, type Launch } from "./process.ts";
import { eventually } from "./wait.ts";

/** A program with a configuration of its own, listening on a free loopback address. */
export class PeerProcess implements AsyncDisposable {
  readonly address: string;
  readonly #process: ChildProcess;
  readonly #folder: TempFolder;

  private constructor(address: string, process: ChildProcess, folder: TempFolder) {
    this.address = address;
    this.#process = process;
    this.#folder = folder;
  }

  static async start(
    setUp: (address: string, folder: TempFolder) => Promise<Launch>,
  ): Promise<PeerProcess> {
    await using stack = new AsyncDisposableStack();
    const address = freeAddress();
    const folder = stack.use(await TempFolder.create());
    const process = stack.use(new ChildProcess(await setUp(address, folder)));
    await eventually(`${process.name} on ${address}: ${process.stderr.text}`, async () => {
      using _conn = await connectTo(address);
    });
    stack.move();
    return new PeerProcess(address, process, folder);
  }

  /** Ends it by its pid. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.signal("SIGTERM");
    await this.#process.finished().catch(() => {});
    await this.#process[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }
}

/** HAProxy in TCP mode, round robin over servers. */
export function startHaproxy(haproxy: string, servers: readonly string[]): Promise<PeerProcess> {
  return PeerProcess.start(async (address, folder) => {
    const path = await folder.write(
      "haproxy.cfg",
      [
        "defaults",
        "  mode tcp",
        "  timeout connect 5s",
        "  timeout client 30s",
        "  timeout server 30s",
        "listen main",
        `  bind ${address}`,
        "  balance roundrobin",
        ...servers.map((server, index) => `  server s${index} ${haproxyAddress(server)}`),
        "",
      ].join("\n"),
    );
    // -db: in the foreground, as one process.
    return { name: "haproxy", argv: [haproxy, "-db", "-f", path] };
  });
}

/** NGINX that answers every request with `name`, and its number on the connection. */
export function startNginx(nginx: string, name: string): Promise<PeerProcess> {
  return PeerProcess.start(async (address, folder) => {
    const path = await folder.write(
      "nginx.conf",
      [
        "daemon off;",
        "master_process off;",
        `pid ${folder.path}/nginx.pid;`,
        `error_log ${folder.path}/error.log;`,
        "events { worker_connections 256; }",
        "http {",
        "  access_log off;",
        ...["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) =>
          `  ${kind}_temp_path ${folder.path}/${kind};`
        ),
        "  server {",
        `    listen ${address};`,
        `    location / { return 200 "${name} $connection_requests\\n"; }`,
        "  }",
        "}",
        "",
      ].join("\n"),
    );
    return { name: "nginx", argv: [nginx, "-p", folder.path, "-c", path] };
  });
}

function haproxyAddress(address: string): string {
  return address.startsWith("unix:") ? `unix@${address.slice("unix:".length)}` : address;
}
