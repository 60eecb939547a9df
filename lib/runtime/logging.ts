import {
  configureSync,
  getLogger,
  type LogRecord as TapeRecord,
  resetSync,
} from "@logtape/logtape";
import type { LogConfig } from "../config/types.ts";
import type { CategoryLevels, Logger, LogLevel } from "../core/log.ts";
import { LevelTable } from "../core/log.ts";
import type { Prepared } from "../core/prepared.ts";

/** The operational log of the process. */
export interface OperationalLog extends Logger, Disposable {
  /** Opens the log file anew, after it was moved away. */
  reopen(): void;
  /** Opens what another configuration names. @throws {Error} of the system when it cannot */
  prepare(config: LogConfig): Prepared;
  /** Changes what is written from now on; without levels of categories, those stay. */
  setLevel(level: LogLevel, levels?: CategoryLevels): void;
}

/** Starts the log. @throws {Error} of the system when its file cannot be opened */
export function openLog(config: LogConfig): OperationalLog {
  let output = new Output(config.file);
  let format = formatOf(config);
  const encoder = new TextEncoder();
  configureSync({
    reset: true,
    sinks: { weir: (record) => output.write(encoder.encode(format(record))) },
    loggers: [
      // The level can change, and is looked at below.
      { category: ["weir"], lowestLevel: "debug", sinks: ["weir"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["weir"] },
    ],
  });
  const logger = getLogger(["weir"]);
  const levels = new LevelTable(config.level, config.levels);
  return {
    enabled: (level, category) => levels.passes(level, category),
    write: ({ level, category = "process", message, fields }) => {
      if (!levels.passes(level, category)) return;
      logger.getChild(category)[level](message, { ...fields });
    },
    setLevel: (level, own) => levels.set(level, own),
    reopen: () => output.reopen(),
    prepare: (next) => {
      const opened = next.file === output.path ? undefined : new Output(next.file);
      return {
        commit: () => {
          format = formatOf(next);
          if (opened === undefined) return;
          output[Symbol.dispose]();
          output = opened;
        },
        cancel: () => opened?.[Symbol.dispose](),
      };
    },
    [Symbol.dispose]: () => {
      resetSync();
      output[Symbol.dispose]();
    },
  };
}

/** Standard error, or a file that can be opened anew. */
class Output implements Disposable {
  readonly path: string | undefined;
  #file: Deno.FsFile | undefined;

  constructor(path: string | undefined) {
    this.path = path;
    this.reopen();
  }

  reopen(): void {
    if (this.path === undefined) return;
    const file = Deno.openSync(this.path, { create: true, append: true });
    this.#file?.close();
    this.#file = file;
  }

  write(bytes: Uint8Array): void {
    const target = this.#file ?? Deno.stderr;
    try {
      for (let done = 0; done < bytes.length;) done += target.writeSync(bytes.subarray(done));
    } catch {
      // A full disk or a closed terminal must not stop the traffic, and there is nowhere to say so.
    }
  }

  [Symbol.dispose](): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

function formatOf({ format }: LogConfig): (record: TapeRecord) => string {
  return format === "json" ? formatJson : formatText;
}

/** One line for people: `2026-11-21T09:00:00.000Z info Backend is up upstream=app`. */
function formatText({ timestamp, level, rawMessage, properties }: TapeRecord): string {
  const fields = Object.entries(properties)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${quoteIfNeeded(String(value))}`);
  return `${new Date(timestamp).toISOString()} ${level} ${rawMessage}${fields.join("")}\n`;
}

/** One JSON object a line. */
function formatJson(
  { timestamp, level, category: path, rawMessage, properties }: TapeRecord,
): string {
  const time = new Date(timestamp).toISOString();
  // What the log library says of itself is below another root.
  const category = path[0] === "weir" ? path[1] : "process";
  return `${JSON.stringify({ time, level, category, msg: rawMessage, ...properties })}\n`;
}

/** A value can hold what a stranger sent: it stays one value on one line. */
function quoteIfNeeded(value: string): string {
  return /^[\w.:/[\]@%+,-]+$/.test(value) ? value : JSON.stringify(value);
}
