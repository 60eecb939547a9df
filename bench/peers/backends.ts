import { ANSWER, exchange } from "./clients.ts";
import { freePorts, type Process, type ProcessSet } from "./processes.ts";

/** Size of `/big`: long enough that the start of a transfer does not count. */
export const BIG_BYTES = 100 * 1024 * 1024;

/** The servers behind every balancer. */
export interface Backends {
  readonly ports: readonly number[];
}

/** What starting needs. */
export interface Workplace {
  readonly processes: ProcessSet;
  /** A directory that goes away at the end. */
  readonly directory: string;
}

/** Starts one NGINX process that is three backends. */
export async function startBackends({ processes, directory }: Workplace): Promise<Backends> {
  const ports = freePorts(3);
  const root = `${directory}/www`;
  await Deno.mkdir(root);
  await writeBigFile(`${root}/big`);
  // The workers of NGINX may run as another user.
  for (const path of [directory, root]) await Deno.chmod(path, 0o755);
  const config = `${directory}/backends.conf`;
  await Deno.writeTextFile(config, backendsConfig({ directory, root, ports }));
  const process = processes.start({ name: "backends", argv: nginxArgv(config, directory) });
  for (const port of ports) await waitUntilAnswers(process, port);
  return { ports };
}

/** How NGINX runs in the foreground without touching anything of the system's. */
export function nginxArgv(config: string, directory: string): string[] {
  return ["nginx", "-e", "stderr", "-p", directory, "-c", config, "-g", "daemon off;"];
}

/** Waits until a request through `port` is answered. @throws {Error} after 10 s. */
export async function waitUntilAnswers(process: Process, port: number): Promise<void> {
  const start = performance.now();
  for (;;) {
    try {
      using conn = await Deno.connect({ hostname: "127.0.0.1", port });
      return await exchange(conn);
    } catch (error) {
      if (process.ended || performance.now() - start > 10_000) {
        const state = process.ended ? "ended" : `no answer in 10 s (${error})`;
        throw new Error(`Cannot start "${process.name}": ${state}: ${process.lastWords}`);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

interface Layout {
  readonly directory: string;
  readonly root: string;
  readonly ports: readonly number[];
}

function backendsConfig({ directory, root, ports }: Layout): string {
  const listens = ports.map((port) => `listen 127.0.0.1:${port} backlog=4096;`).join(" ");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${directory}/${kind};`).join(" ");
  return `
worker_processes 1;
worker_rlimit_nofile 16384;
pid ${directory}/backends.pid;
events { worker_connections 8192; }
http {
  access_log off;
  ${temporary}
  keepalive_requests 1000000000;
  keepalive_timeout 3600s;
  sendfile on;
  open_file_cache max=10 inactive=1h;
  server {
    ${listens}
    root ${root};
    location = / { return 200 "${ANSWER.replace("\n", "\\n")}"; }
    location = /big { }
  }
}
`;
}

async function writeBigFile(path: string): Promise<void> {
  const block = new DataView(new ArrayBuffer(1024 * 1024));
  using file = await Deno.create(path);
  for (let offset = 0; offset < BIG_BYTES; offset += block.byteLength) {
    for (let at = 0; at < block.byteLength; at += 4) block.setUint32(at, (offset + at) / 4);
    // Files take what they are given, unless the disk is full, and that throws.
    await file.write(new Uint8Array(block.buffer));
  }
}
