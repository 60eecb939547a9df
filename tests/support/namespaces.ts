import { findProgram } from "./peers.ts";
import { ChildProcess, type Finished, runToEnd } from "./process.ts";

/** What a scene is played with, beside the rights of root. */
const PROGRAMS = ["unshare", "nsenter", "chroot", "ip", "mount", "python3"] as const;

/** Why this machine can play no scene in a network of its own; absent: it can. */
export function whyNoNamespaces(): string | undefined {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return "needs root on Linux";
  const missing = PROGRAMS.filter((name) => findProgram(name) === undefined);
  if (missing.length > 0) return `needs ${missing.join(", ")}`;
  const { success } = new Deno.Command("unshare", {
    args: ["--net", "--mount", "true"],
    stdout: "null",
    stderr: "null",
  }).outputSync();
  return success ? undefined : "needs the right to make namespaces";
}

/** Registers a test in namespaces of its own; ignored where there are none, with the reason. */
export function namespaceTest(name: string, run: () => Promise<void>): void {
  const reason = whyNoNamespaces();
  const ignore = reason !== undefined;
  Deno.test({ name: ignore ? `${name} [skipped: ${reason}]` : name, ignore, fn: run });
}

/** A network with a loopback interface and nothing else, in which any port is free. */
export class PrivateNetwork implements AsyncDisposable {
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  static async create(): Promise<PrivateNetwork> {
    const script = "ip link set lo up && echo up && exec sleep infinity";
    await using stack = new AsyncDisposableStack();
    const argv = ["unshare", "--net", "sh", "-c", script];
    const holder = stack.use(new ChildProcess({ name: "network", argv }));
    await holder.printed("stdout", /up/);
    stack.move();
    return new PrivateNetwork(holder);
  }

  /** Starts a program in it, with mounts that nobody else sees. */
  spawn(name: string, argv: readonly string[]): ChildProcess {
    return new ChildProcess({ name, argv: this.#enter(argv) });
  }

  /** Runs a program in it to its end. */
  async run(name: string, argv: readonly string[]): Promise<Finished> {
    return await runToEnd({ name, argv: this.#enter(argv) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#holder[Symbol.asyncDispose]();
  }

  #enter(argv: readonly string[]): string[] {
    const enter = ["nsenter", `--net=/proc/${this.#holder.pid}/ns/net`];
    return [...enter, "unshare", "--mount", "--propagation=private", ...argv];
  }
}
