import { formatProblems, type LoadResult } from "../config/load.ts";
import { messageOf } from "../core/errors.ts";
import type { EmitEvent } from "../core/events.ts";
import type { LogFields, Logger, LogLevel } from "../core/log.ts";
import { ListenError } from "../runtime/listen_error.ts";
import type { ReloadHistory } from "../runtime/status.ts";
import type { Supervisor } from "../runtime/supervisor.ts";

/** What came of a reload. */
export interface ReloadResult {
  readonly ok: boolean;
  /** What is wrong; the configuration before is still in force then. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** What a {@linkcode Reloader} works with. */
export interface ReloaderOptions {
  /** Reads the configuration; absent where there is nothing to read. */
  readonly load?: (() => Promise<LoadResult>) | undefined;
  readonly log: Logger;
  readonly emit: EmitEvent;
}

/** Reads the configuration again and puts it in force, or says why not. */
export class Reloader {
  readonly #options: ReloaderOptions;
  #supervisor: Supervisor | undefined;
  /** Somebody asked before the start was over. */
  #isWanted = false;
  #done = 0;
  #refused = 0;
  #problems: readonly string[] | undefined;

  constructor(options: ReloaderOptions) {
    this.#options = options;
  }

  get history(): ReloadHistory {
    const problems = this.#problems;
    return { done: this.#done, refused: this.#refused, ...(problems && { problems }) };
  }

  /** From now on there is something to reload. */
  begin(supervisor: Supervisor): void {
    this.#supervisor = supervisor;
    if (this.#isWanted) void this.reload();
  }

  /** Never rejects. */
  async reload(): Promise<ReloadResult> {
    this.#isWanted = this.#supervisor === undefined;
    if (this.#supervisor === undefined) return refused(["Weir is still starting"]);
    const { load } = this.#options;
    if (load === undefined) return this.#refuse(["there is no file to read"]);
    const beginMs = performance.now();
    const loaded = await load();
    if (!loaded.ok) return this.#refuse(formatProblems(loaded.problems));
    try {
      await this.#supervisor.reload(loaded.config);
    } catch (error) {
      return this.#refuse([describe(error)]);
    }
    for (const warning of loaded.warnings) this.#tell("warning", warning);
    this.#done++;
    this.#problems = undefined;
    const ms = Math.round(performance.now() - beginMs);
    this.#tell("info", "Configuration reloaded", { ms });
    this.#options.emit({ type: "reload", ok: true });
    return { ok: true, problems: [], warnings: loaded.warnings.map(String) };
  }

  #refuse(problems: readonly string[]): ReloadResult {
    const message = "Reload refused: the configuration before stays in force";
    for (const problem of problems) {
      this.#tell("error", message, { problem });
    }
    this.#options.emit({ type: "reload", ok: false, problems });
    this.#refused++;
    this.#problems = problems;
    return refused(problems);
  }

  #tell(level: LogLevel, message: string, fields: LogFields = {}): void {
    this.#options.log.write({ level, message, fields });
  }
}

function refused(problems: readonly string[]): ReloadResult {
  return { ok: false, problems, warnings: [] };
}

function describe(error: unknown): string {
  const reason = messageOf(error);
  if (!(error instanceof ListenError)) return reason;
  return `cannot open listener "${error.listener}": ${reason}`;
}
