import type { Status } from "../runtime/status.ts";
import { printLine, printText } from "./output.ts";

/** A line of counts that follows the traffic: rewritten in place on a terminal, else appended. */
export class LiveLine implements Disposable {
  readonly #status: () => Status;
  #timer: ReturnType<typeof setInterval> | undefined;
  #last = "";

  constructor(status: () => Status) {
    this.#status = status;
  }

  start(): void {
    const isTerminal = Deno.stdout.isTerminal();
    this.#show(isTerminal);
    this.#timer = setInterval(
      () => this.#show(isTerminal),
      isTerminal ? TERMINAL_PERIOD_MS : PIPE_PERIOD_MS,
    );
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    if (this.#timer !== undefined && Deno.stdout.isTerminal()) printText("\n");
  }

  #show(isTerminal: boolean): void {
    const line = formatCounts(this.#status());
    if (line === this.#last) return;
    this.#last = line;
    // Carriage return, then "erase to end of line" (ECMA-48).
    if (isTerminal) printText(`\r\x1b[K${line}`);
    else printLine(line);
  }
}

/** `  backend-1 4 | backend-2 4 | backend-3 4 (down) | open 0`. */
export function formatCounts({ upstreams, listeners }: Status): string {
  const counts = upstreams.flatMap(({ backends }) =>
    backends.map(({ id, connections, up }) => `${id} ${connections}${up ? "" : " (down)"}`)
  );
  const open = listeners.reduce((sum, { active }) => sum + active, 0);
  return `  ${[...counts, `open ${open}`].join(" | ")}`;
}

const TERMINAL_PERIOD_MS = 100;
const PIPE_PERIOD_MS = 1000;
