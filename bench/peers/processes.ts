import { note } from "./output.ts";

/** Enough for what wrk prints and for the last words of a program that died. */
const KEPT_OUTPUT_CHARS = 64 * 1024;

/** A drain with nothing to drain takes well under this. */
const STOP_GRACE_MS = 5000;

/** What to start. */
export interface Launch {
  /** How messages call it. */
  readonly name: string;
  readonly argv: readonly string[];
  readonly cwd?: string;
}

/** How a process that ran to its end did. */
export interface Finished {
  readonly success: boolean;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Every process of one run, so that none outlives it. */
export class ProcessSet {
  readonly #live = new Set<Process>();
  #closed = false;

  /** True once `stopAll()` has been called. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Starts a process that goes on until stopped. @throws {Error} after `stopAll()`. */
  start(launch: Launch): Process {
    if (this.#closed) throw new Error(`Cannot start "${launch.name}": the run is over`);
    const process = new Process(launch);
    this.#live.add(process);
    void process.finished.then(() => this.#live.delete(process));
    return process;
  }

  /** Runs a process to its end. */
  run(launch: Launch): Promise<Finished> {
    return this.start(launch).finished;
  }

  /** Ends all that still run, youngest first: clients go before what they talk to. */
  async stopAll(): Promise<void> {
    this.#closed = true;
    for (const process of [...this.#live].reverse()) await process.stop();
  }
}

/** One child process whose output is collected. */
export class Process {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the process has ended and its output has been read. Never rejects. */
  readonly finished: Promise<Finished>;
  readonly #child: Deno.ChildProcess;
  readonly #stdout = new Tail();
  readonly #stderr = new Tail();
  #ended = false;

  constructor({ name, argv, cwd }: Launch) {
    const [program = "", ...args] = argv;
    this.name = name;
    this.#child = new Deno.Command(program, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      env: { NO_COLOR: "1" },
      ...(cwd === undefined ? {} : { cwd }),
    }).spawn();
    this.pid = this.#child.pid;
    this.finished = this.#collect();
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The last thing it said, for messages. */
  get lastWords(): string {
    return [this.#stderr.text, this.#stdout.text].map((text) => text.trim())
      .filter((text) => text !== "").join("\n");
  }

  /** Waits until `marker` stands in the standard output. @throws {Error} when it ends before. */
  async printed(marker: string): Promise<void> {
    while (!this.#stdout.text.includes(marker)) {
      if (this.#ended) throw new Error(`Cannot wait for "${this.name}": ended: ${this.lastWords}`);
      await this.#stdout.changed();
    }
  }

  /** Writes to its standard input and closes it. */
  async tell(text: string): Promise<void> {
    const writer = this.#child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  }

  /** SIGTERM, then SIGKILL to it and its children when that was not enough. */
  async stop(): Promise<void> {
    if (this.#ended) return;
    signal(this.pid, "SIGTERM");
    if (await settlesWithin(this.finished, STOP_GRACE_MS)) return;
    note(`${this.name}: still running ${STOP_GRACE_MS / 1000} s after SIGTERM, killed`);
    for (const { pid } of await processTree(this.pid)) signal(pid, "SIGKILL");
    await this.finished;
  }

  async #collect(): Promise<Finished> {
    const child = this.#child;
    const outputs = [this.#stdout.collect(child.stdout), this.#stderr.collect(child.stderr)];
    const { success, code } = await child.status;
    await Promise.allSettled(outputs);
    this.#ended = true;
    this.#stdout.wake();
    // A child whose input was never used keeps the pipe open on this side.
    if (!child.stdin.locked) await child.stdin.abort().catch(() => {});
    return { success, code, stdout: this.#stdout.text, stderr: this.#stderr.text };
  }
}

/** CPU time of a process, its threads and its children, user and system, in ms. */
export async function cpuMs(pid: number): Promise<number> {
  const ticks = (await processTree(pid)).reduce((sum, entry) => sum + entry.ticks, 0);
  // USER_HZ is 100 on every Linux that Deno runs on.
  return ticks * 10;
}

/** Resident memory of a process and its children, in KiB. */
export function rssKib(pid: number): Promise<number> {
  return sumOfStatus(pid, "VmRSS");
}

/** The most that `rssKib` was since `resetPeakRss`. */
export function peakRssKib(pid: number): Promise<number> {
  return sumOfStatus(pid, "VmHWM");
}

/** Starts `peakRssKib` anew, see proc_pid_clear_refs(5). */
export async function resetPeakRss(pid: number): Promise<void> {
  const pids = (await processTree(pid)).map((entry) => `${entry.pid}`);
  await readProc("sh", ["-c", 'for pid; do echo 5 >"/proc/$pid/clear_refs"; done', "sh", ...pids]);
}

/** Runs a program that reads a file of the kernel; what vanished meanwhile is left out. */
export async function readProc(program: string, args: readonly string[]): Promise<string> {
  // Deno opens nothing below /proc without --allow-all; --allow-run is the smaller permission.
  const command = new Deno.Command(program, { args: [...args], stderr: "null", stdin: "null" });
  return new TextDecoder().decode((await command.output()).stdout);
}

/** Ports of 127.0.0.1 that were free a moment ago, all different. */
export function freePorts(count: number): number[] {
  const listeners = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  const ports = listeners.map((listener) => listener.addr.port);
  for (const listener of listeners) listener.close();
  return ports;
}

async function sumOfStatus(root: number, field: string): Promise<number> {
  const files = (await processTree(root)).map(({ pid }) => `/proc/${pid}/status`);
  const text = await readProc("cat", files);
  const sizes = [...text.matchAll(new RegExp(`^${field}:\\s+(\\d+) kB$`, "gm"))];
  return sizes.reduce((sum, [, size]) => sum + Number(size), 0);
}

interface TreeEntry {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

async function processTree(root: number): Promise<TreeEntry[]> {
  const text = await readProc("sh", ["-c", "cat /proc/[0-9]*/stat"]);
  const entries = text.split("\n").flatMap(parseStat);
  const pids = new Set([root]);
  // A child may stand before its parent: pids wrap around.
  for (let before = 0; before !== pids.size;) {
    before = pids.size;
    for (const { pid, parent } of entries) if (pids.has(parent)) pids.add(pid);
  }
  return entries.filter(({ pid }) => pids.has(pid));
}

/** One line of `/proc/PID/stat`, see proc_pid_stat(5). */
function parseStat(line: string): TreeEntry[] {
  // The name in brackets may hold spaces and brackets: fields count from the last one.
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const pid = parseInt(line);
  const [parent, userTicks, systemTicks] = [1, 11, 12].map((index) => Number(fields[index]));
  if (parent === undefined || userTicks === undefined || systemTicks === undefined) return [];
  return Number.isNaN(pid) ? [] : [{ pid, parent, ticks: userTicks + systemTicks }];
}

/** Collects a stream, keeping its end. */
class Tail {
  text = "";
  #change = Promise.withResolvers<void>();

  /** Resolves at the next piece, or when the process has ended. */
  changed(): Promise<void> {
    return this.#change.promise;
  }

  wake(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  async collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
      this.text = (this.text + piece).slice(-KEPT_OUTPUT_CHARS);
      this.wake();
    }
  }
}

function signal(pid: number, name: Deno.Signal): void {
  try {
    Deno.kill(pid, name);
  } catch {
    // It ended by itself in between.
  }
}

async function settlesWithin(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), timeoutMs);
  const settled = await Promise.race([work.then(() => true), late.promise]);
  clearTimeout(timer);
  return settled;
}
