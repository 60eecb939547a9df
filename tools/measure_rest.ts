/**
 * Measures what an installed Weir takes before there is traffic: `deno task measure:rest`.
 *
 * Two data plane threads, an HTTP listener, three backends with health checks, the admin listener.
 * WEIR_BINARY=FILE measures a compiled binary too.
 */
import { APP_ENTRY, APP_FOLDER, bundle } from "./bundle.ts";
import { PERMISSIONS } from "./compile.ts";
import { print } from "./print.ts";
import { V8_FLAGS } from "./v8_flags.ts";

/** A way to run it. */
export interface Candidate {
  readonly name: string;
  readonly argv: readonly string[];
  /** What is downloaded or copied; absent: it is not one thing. */
  readonly sizeBytes?: number;
}

/** What was measured. */
export interface Rest {
  /** From the start of the process to the first byte of an answer through it; the median. */
  readonly startMs: number;
  /** Memory of the process a while after that, also what it shares with others. */
  readonly residentBytes: number;
  /** The same, shared pages divided by how many share them. */
  readonly proportionalBytes: number;
}

const ROOT = decodeURIComponent(new URL("../", import.meta.url).pathname);
const HOST = "127.93.7.1";
const STARTS = 5;
/** By then everything that the start left to do is done. */
const REST_MS = 3000;
const TIMEOUT_MS = 20_000;

/** Starts it several times. */
export async function measure({ argv }: Candidate): Promise<Rest> {
  using backends = new Backends();
  const folder = await Deno.makeTempDir();
  try {
    const place = freeAddress();
    const path = `${folder}/weir.yaml`;
    await Deno.writeTextFile(path, JSON.stringify(configFor(place, backends.addresses)));
    const words = [...argv, "--config", path];
    // The first run fills the caches of the runtime, if it has any.
    await runOnce(words, place, 0);
    const starts: number[] = [];
    for (let i = 1; i < STARTS; i++) starts.push((await runOnce(words, place, 0)).startMs);
    const last = await runOnce(words, place, REST_MS);
    return { ...last, startMs: [...starts, last.startMs].sort((a, b) => a - b)[STARTS >> 1]! };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function runOnce(argv: readonly string[], place: string, restMs: number): Promise<Rest> {
  const [program = "", ...args] = argv;
  const beginMs = performance.now();
  const child = new Deno.Command(program, {
    args,
    cwd: ROOT,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    await firstByte(place);
    const startMs = performance.now() - beginMs;
    await pause(restMs);
    return { startMs, ...await memoryOf(child.pid) };
  } finally {
    child.kill("SIGTERM");
    await child.status;
  }
}

/** Tries until an answer comes. @throws {Error} when none comes in time */
async function firstByte(place: string): Promise<void> {
  const [hostname = "", port = ""] = place.split(":");
  const end = performance.now() + TIMEOUT_MS;
  for (;;) {
    try {
      using conn = await Deno.connect({ hostname, port: Number(port) });
      await conn.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
      if (await conn.read(new Uint8Array(1)) !== null) return;
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    await pause(1);
  }
}

async function memoryOf(pid: number): Promise<Omit<Rest, "startMs">> {
  // The runtime opens nothing below /proc without all permissions.
  const command = new Deno.Command("cat", { args: [`/proc/${pid}/smaps_rollup`] });
  const text = new TextDecoder().decode((await command.output()).stdout);
  const bytes = (name: string) => {
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1]) * 1024;
  };
  return { residentBytes: bytes("Rss"), proportionalBytes: bytes("Pss") };
}

function configFor(place: string, backends: readonly string[]): unknown {
  return {
    workers: 2,
    admin: { address: freeAddress() },
    listeners: [{ address: place, protocol: "http", upstream: "app" }],
    upstreams: { app: { backends: backends.map((address) => ({ address })) } },
  };
}

/** Three servers that answer every connection in one way. */
class Backends implements Disposable {
  readonly addresses: readonly string[];
  readonly #listeners: readonly Deno.TcpListener[];

  constructor() {
    this.#listeners = [1, 2, 3].map(() => Deno.listen({ hostname: HOST, port: 0 }));
    this.addresses = this.#listeners.map(({ addr }) => `${HOST}:${addr.port}`);
    for (const listener of this.#listeners) void answer(listener);
  }

  [Symbol.dispose](): void {
    for (const listener of this.#listeners) listener.close();
  }
}

/** Ends when the listener closes. */
async function answer(listener: Deno.TcpListener): Promise<void> {
  const reply = new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
  for await (const conn of listener) {
    void (async () => {
      using _conn = conn;
      // A check connects and goes without a word.
      if (await conn.read(new Uint8Array(4096)) !== null) await conn.write(reply);
      await conn.read(new Uint8Array(1));
    })().catch(() => {});
  }
}

function freeAddress(): string {
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  return `${HOST}:${listener.addr.port}`;
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

/** The ways there are on this machine. */
export async function candidates(binary: string | undefined): Promise<Candidate[]> {
  await bundle();
  const run = [Deno.execPath(), "run", V8_FLAGS, ...PERMISSIONS];
  // As a compiled program, which has no cache of compiled code.
  const bundled = [...run, "--no-code-cache", `--config=${APP_FOLDER}/deno.json`];
  return [
    { name: "source, `deno task start`", argv: [...run, "main.ts"] },
    {
      name: "what is compiled, under the plain runtime",
      argv: [...bundled, `${APP_FOLDER}/${APP_ENTRY}`],
      sizeBytes: await sizeOf(`${ROOT}${APP_FOLDER}`),
    },
    ...binary === undefined
      ? []
      : [{ name: "binary", argv: [binary], sizeBytes: await sizeOf(binary) }],
  ];
}

async function sizeOf(path: string): Promise<number> {
  const info = await Deno.stat(path);
  if (!info.isDirectory) return info.size;
  let sum = 0;
  for await (const { name } of Deno.readDir(path)) sum += await sizeOf(`${path}/${name}`);
  return sum;
}

/** One row of the table. */
export function formatRow({ name, sizeBytes }: Candidate, rest: Rest): string {
  const mib = (bytes: number | undefined) => {
    return bytes === undefined ? "" : (bytes / 2 ** 20).toFixed(bytes < 2 ** 21 ? 1 : 0);
  };
  const { startMs, residentBytes, proportionalBytes } = rest;
  const cells = [name, Math.round(startMs), mib(residentBytes), mib(proportionalBytes)];
  return `| ${[...cells, mib(sizeBytes)].join(" | ")} |`;
}

if (import.meta.main) {
  print("| | start, ms | resident, MiB | proportional, MiB | size, MiB |");
  print("| --- | ---: | ---: | ---: | ---: |");
  for (const candidate of await candidates(Deno.env.get("WEIR_BINARY"))) {
    print(formatRow(candidate, await measure(candidate)));
  }
}
