import { DEADLINE_MS, within } from "./wait.ts";

/** What to start. */
export interface Launch {
  /** How messages call it. */
  readonly name: string;
  readonly argv: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** How a process that ran to its end did. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A child process whose output is collected; killed when the test lets go of it. */
export class ChildProcess implements AsyncDisposable {
  readonly name: string;
  readonly stdout = new Output();
  readonly stderr = new Output();
  readonly #child: Deno.ChildProcess;
  readonly #finished: Promise<Finished>;
  #ended = false;

  constructor({ name, argv: [program = "", ...args], cwd, env }: Launch) {
    this.name = name;
    this.#child = new Deno.Command(program, {
      args,
      env: { NO_COLOR: "1", ...env },
      ...(cwd === undefined ? {} : { cwd }),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#finished = this.#collect();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Sends a signal; one that comes too late does nothing. */
  signal(signal: Deno.Signal): void {
    if (this.#ended) return;
    try {
      this.#child.kill(signal);
    } catch {
      // It ended by itself in between.
    }
  }

  /** Waits for the process to end by itself. */
  async finished(deadlineMs = DEADLINE_MS): Promise<Finished> {
    try {
      return await within(`the end of ${this.name}`, this.#finished, deadlineMs);
    } catch (error) {
      throw this.#withOutput(error);
    }
  }

  /** Waits until `pattern` stands in an output. @throws {Error} when the process ends before */
  async printed(stream: "stdout" | "stderr", pattern: RegExp): Promise<RegExpExecArray> {
    const what = `${pattern} on ${stream} of ${this.name}`;
    try {
      return await within(what, this.#find(this[stream], pattern));
    } catch (error) {
      throw this.#withOutput(error);
    }
  }

  /** Kills it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGKILL");
    await this.#finished;
  }

  async #find(output: Output, pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(output.text);
      if (match !== null) return match;
      if (this.#ended) throw new Error(`Cannot find ${pattern} in the output: the process ended`);
      await output.changed();
    }
  }

  async #collect(): Promise<Finished> {
    const { stdout, stderr } = this.#child;
    const outputs = [this.stdout.collect(stdout), this.stderr.collect(stderr)];
    const { code } = await this.#child.status;
    await Promise.all(outputs);
    this.#ended = true;
    for (const output of [this.stdout, this.stderr]) output.wake();
    return { code, stdout: this.stdout.text, stderr: this.stderr.text };
  }

  #withOutput(cause: unknown): Error {
    const said = [this.stdout.text, this.stderr.text].map((text) => text.slice(-4000)).join("\n");
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new Error(`${reason}\n--- output of ${this.name} ---\n${said}`, { cause });
  }
}

/** Runs a program to its end. */
export async function runToEnd(launch: Launch, deadlineMs = DEADLINE_MS): Promise<Finished> {
  await using child = new ChildProcess(launch);
  return await child.finished(deadlineMs);
}

/** What a process has written so far. */
class Output {
  text = "";
  #change = Promise.withResolvers<void>();

  /** The lines that match. */
  lines(pattern: RegExp): string[] {
    return this.text.split("\n").filter((line) => pattern.test(line));
  }

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
      this.text += piece;
      this.wake();
    }
  }
}
