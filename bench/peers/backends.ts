import { ANSWER, exchange } from "./clients.ts";
import { certificateFiles, issueCertificate } from "./certificate.ts";
import { SNI_NAME } from "./plan.ts";
import { freePorts, type Process, type ProcessSet } from "./processes.ts";

/** Size of `/big`: long enough that the start of a transfer does not count. */
export const BIG_BYTES = 100 * 1024 * 1024;

/** Size of `/huge`: no buffer on the way could hold it. */
export const HUGE_BYTES = 1024 * 1024 * 1024;

/** What `/post` takes: the length of the body, to the byte. */
export const POST_BYTES = 16 * 1024;

/** The servers behind every balancer. */
export interface Backends {
  readonly ports: readonly number[];
  /** The same servers over TLS. */
  readonly tlsPorts: readonly number[];
  /** The authority of their certificate, as PEM. */
  readonly authority: string;
}

/** What starting needs. */
export interface Workplace {
  readonly processes: ProcessSet;
  /** A directory that goes away at the end. */
  readonly directory: string;
}

/** Starts one NGINX process that is three backends. */
export async function startBackends({ processes, directory }: Workplace): Promise<Backends> {
  const allPorts = freePorts(6);
  const ports = allPorts.slice(0, 3);
  const tlsPorts = allPorts.slice(3);
  const authority = await issueCertificate(directory);
  const root = `${directory}/www`;
  await Deno.mkdir(root);
  await writeCounted(`${root}/big`, BIG_BYTES);
  await Deno.writeTextFile(`${root}/post`, "");
  // The workers of NGINX may run as another user.
  for (const path of [directory, root]) await Deno.chmod(path, 0o755);
  const config = `${directory}/backends.conf`;
  await Deno.writeTextFile(config, backendsConfig({ directory, root, ports, tlsPorts }));
  const process = processes.start({ name: "backends", argv: nginxArgv(config, directory) });
  for (const port of ports) await waitUntilAnswers(process, port);
  for (const port of tlsPorts) await waitUntilAnswers(process, port, authority);
  return { ports, tlsPorts, authority };
}

/** Writes what the backends answer on `/huge`, once. */
export async function writeHugeFile({ directory }: Pick<Workplace, "directory">): Promise<void> {
  const path = `${directory}/www/huge`;
  const info = await Deno.stat(path).catch(() => undefined);
  if (info?.size !== HUGE_BYTES) await writeCounted(path, HUGE_BYTES);
}

/** Keeps what NGINX puts on the disk under `prefix`. */
export function nginxTempPaths(prefix: string): string {
  return ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${prefix}-${kind};`).join(" ");
}

/** How NGINX runs in the foreground without touching anything of the system's. */
export function nginxArgv(config: string, directory: string): string[] {
  return ["nginx", "-e", "stderr", "-p", directory, "-c", config, "-g", "daemon off;"];
}

/**
 * Waits until a request through `port` is answered.
 *
 * @param authority given: over TLS, by a server for {@linkcode SNI_NAME} that it vouches for
 * @throws {Error} after 10 s
 */
export async function waitUntilAnswers(
  process: Process,
  port: number,
  authority?: string,
): Promise<void> {
  const start = performance.now();
  for (;;) {
    try {
      const socket = await Deno.connect({ hostname: "127.0.0.1", port });
      using conn = authority === undefined
        ? socket
        : await Deno.startTls(socket, { hostname: SNI_NAME, caCerts: [authority] });
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
  readonly tlsPorts: readonly number[];
}

function backendsConfig({ directory, root, ports, tlsPorts }: Layout): string {
  const { cert, key } = certificateFiles(directory);
  const listens = [
    ...ports.map((port) => `listen 127.0.0.1:${port} backlog=4096;`),
    ...tlsPorts.map((port) => `listen 127.0.0.1:${port} ssl backlog=4096;`),
  ].join(" ");
  // `return` would answer a POST before its body has come, and `mirror` reads it first: then files
  // refuse the method, which is turned into the answer.
  return `
worker_processes 1;
worker_rlimit_nofile 16384;
pid ${directory}/backends.pid;
events { worker_connections 8192; }
http {
  access_log off;
  ${nginxTempPaths(`${directory}/backends`)}
  keepalive_requests 1000000000;
  keepalive_timeout 3600s;
  sendfile on;
  open_file_cache max=10 inactive=1h;
  server {
    ${listens}
    ssl_certificate ${cert};
    ssl_certificate_key ${key};
    ssl_protocols TLSv1.2 TLSv1.3;
    root ${root};
    location = / { return 200 "${ANSWER.replace("\n", "\\n")}"; }
    location = /big { }
    location = /huge { }
    location = /post {
      if ($content_length != ${POST_BYTES}) { return 400; }
      client_body_buffer_size 64k;
      client_max_body_size 0;
      mirror /sink;
      error_page 405 =200 /;
    }
    location = /sink { internal; return 204; }
  }
}
`;
}

/** Writes 32-bit numbers, counting up from 0: the client can tell where bytes are lost. */
async function writeCounted(path: string, sizeBytes: number): Promise<void> {
  const block = new DataView(new ArrayBuffer(1024 * 1024));
  using file = await Deno.create(path);
  for (let offset = 0; offset < sizeBytes; offset += block.byteLength) {
    for (let at = 0; at < block.byteLength; at += 4) block.setUint32(at, (offset + at) / 4);
    // Files take what they are given, unless the disk is full, and that throws.
    await file.write(new Uint8Array(block.buffer));
  }
}
