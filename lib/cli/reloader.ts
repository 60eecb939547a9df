import type { ChangeResult, NotChanged, ReloadKind } from "../admin/change_result.ts";
import { diffConfigs } from "../config/diff.ts";
import { applyOverlay, NO_OVERLAY, type Overlay, OverlayError } from "../config/overlay.ts";
import { editConfig, EditError, readForEdit } from "../config/edit.ts";
import {
  formatProblems,
  loadConfigText,
  type Loaded,
  type LoadResult,
  systemEnvironment,
} from "../config/load.ts";
import type { Config } from "../config/types.ts";
import { isSame } from "../core/same.ts";
import { messageOf } from "../core/errors.ts";
import type { EmitEvent } from "../core/events.ts";
import { type Preparable, prepareAll } from "../core/prepared.ts";
import type { LogFields, Logger, LogLevel } from "../core/log.ts";
import { ListenError } from "../runtime/listen_error.ts";
import { configOf } from "../runtime/layout.ts";
import { type PendingEdits, pendingEdits } from "../runtime/pending_edits.ts";
import { type ChangePlan, planChange } from "../runtime/plan_change.ts";
import { fillSecrets } from "../runtime/secrets.ts";
import type { ReloadHistory } from "../runtime/status.ts";
import type { Supervisor } from "../runtime/supervisor.ts";
import { strangersEnvironment } from "./strangers_environment.ts";
import type { ConfigSources } from "./config_watch.ts";

/** What a {@linkcode Reloader} works with. */
export interface ReloaderOptions {
  /** What the process began with. */
  readonly config: Config;
  /** Reads the configuration; absent where there is nothing to read. */
  readonly load?: (() => Promise<LoadResult>) | undefined;
  /** What the configuration that the process began with was made of. */
  readonly sources?: ConfigSources | undefined;
  /** What goes by the configuration beside the data plane. */
  readonly parts?: readonly Preparable<Config>[];
  /** Hears of each configuration that is put in force. */
  readonly onChange?: (config: Config) => void;
  /** What flags say goes before what the file says. */
  readonly override?: ((config: Config) => Config) | undefined;
  readonly log: Logger;
  readonly emit: EmitEvent;
}

/** Reads the configuration again and puts it in force, or says why not. */
export class Reloader {
  readonly #options: ReloaderOptions;
  #supervisor: Supervisor | undefined;
  /** As the file has it. */
  #file: Config;
  #overlay = NO_OVERLAY;
  #sources: ConfigSources;
  /** Somebody asked before the start was over. */
  #isWanted = false;
  #done = 0;
  #refused = 0;
  #problems: readonly string[] | undefined;
  /** One at a time: each begins with what the one before has left. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#file = options.config;
    this.#sources = options.sources ?? { files: [], folders: [] };
  }

  get history(): ReloadHistory {
    const problems = this.#problems;
    return { done: this.#done, refused: this.#refused, ...(problems && { problems }) };
  }

  /** What operators added and removed, beside the file. */
  get overlay(): Overlay {
    return this.#overlay;
  }

  /** What the file that was read last is made of. */
  get sources(): ConfigSources {
    return this.#sources;
  }

  /** From now on there is something to reload. */
  begin(supervisor: Supervisor): void {
    this.#supervisor = supervisor;
    if (this.#isWanted) void this.reload();
  }

  /** Reads the file again. Never rejects. */
  async reload(): Promise<ChangeResult> {
    const supervisor = this.#supervisor;
    this.#isWanted = supervisor === undefined;
    if (supervisor === undefined) return conflict("Weir is still starting");
    return await this.#inTurn(async () => await this.#reload(supervisor, await this.#load()));
  }

  /** The same, and not a word where the file says what it said before. Never rejects. */
  async reloadIfChanged(): Promise<void> {
    const supervisor = this.#supervisor;
    if (supervisor === undefined) return;
    await this.#inTurn(async () => {
      const read = await this.#load();
      if (!this.#isKnown(read)) await this.#reload(supervisor, read);
    });
  }

  async #load(): Promise<LoadRead> {
    const { load } = this.#options;
    if (load === undefined) return conflict("there is no file to read");
    const loaded = await load();
    if (!loaded.ok) {
      const problems = formatProblems(loaded.problems);
      return { ok: false, why: "invalid", problems };
    }
    const { files, folders } = loaded;
    this.#sources = { files, folders };
    return loaded;
  }

  #isKnown(read: LoadRead): boolean {
    if (!read.ok) return isSame(read.problems, this.#problems);
    return this.#problems === undefined && isSame(read.config, this.#file);
  }

  /**
   * Changes what is laid over the file, and puts what that comes to in force. Never rejects.
   *
   * @param edit may throw an {@linkcode OverlayError}
   */
  async change(edit: (file: Config, overlay: Overlay) => Overlay): Promise<ChangeResult> {
    const supervisor = this.#supervisor;
    if (supervisor === undefined) return conflict("Weir is still starting");
    return await this.#inTurn(async () => {
      try {
        const overlay = edit(this.#file, this.#overlay);
        return await this.#putInForce(supervisor, { file: this.#file, overlay });
      } catch (error) {
        if (error instanceof OverlayError) return conflict(error.message);
        throw error;
      }
    });
  }

  /** What a reload would do if the file said this. @param name stands in problems */
  async plan(name: string, text: string): Promise<ChangePlan | NotChanged> {
    const supervisor = this.#supervisor;
    if (supervisor === undefined) return conflict("Weir is still starting");
    const loaded = await loadConfigText(name, text, strangersEnvironment());
    if (!loaded.ok) return { ok: false, why: "invalid", problems: formatProblems(loaded.problems) };
    const { override = (config) => config } = this.#options;
    const before = configOf(supervisor.config);
    const { config } = applyOverlay(override(loaded.config), this.#overlay);
    const plan = planChange(before, fillSecrets(config, before), supervisor.status());
    return { ...plan, warnings: loaded.warnings };
  }

  /** What was changed at run time and is not in the file, and which file that is. */
  async pending(): Promise<PendingChanges | NotChanged> {
    const supervisor = this.#supervisor;
    const [file] = this.#sources.files;
    if (supervisor === undefined || file === undefined) return conflict("there is no file");
    const read = await this.#inTurn(() => this.#load());
    if (read.ok && isSame(read.config, this.#file)) {
      return {
        file: await Deno.realPath(file),
        ...pendingEdits(this.#overlay, supervisor.status()),
      };
    }
    return conflict(`"${file}" has changed since it was read: reload first`);
  }

  /**
   * The text of the file as it would say what is in force.
   *
   * @throws {EditError} when it cannot say that
   */
  async text(): Promise<string> {
    const pending = await this.pending();
    if ("problems" in pending) throw new EditError(pending.problems.join("\n"));
    const { variable: variables, files } = systemEnvironment();
    const { file: name, edits } = pending;
    return await editConfig({ name, text: await readForEdit(name, files), variables }, edits);
  }

  async #reload(supervisor: Supervisor, read: LoadRead): Promise<ChangeResult> {
    if (!read.ok) return this.#refuse(read);
    const { config: file, warnings } = read;
    return await this.#putInForce(supervisor, { file, overlay: this.#overlay }, warnings);
  }

  async #putInForce(
    supervisor: Supervisor,
    wanted: Wanted,
    warnings: readonly string[] = [],
  ): Promise<ChangeResult> {
    const beginMs = performance.now();
    const before = configOf(supervisor.config);
    const { config, overlay } = applyOverlay(wanted.file, wanted.overlay);
    let how;
    try {
      how = await this.#change(supervisor, config);
    } catch (error) {
      return this.#refuse(conflict(describe(error)));
    }
    this.#file = wanted.file;
    this.#overlay = overlay;
    for (const warning of warnings) this.#tell("warning", warning);
    this.#done++;
    this.#problems = undefined;
    const ms = Math.round(performance.now() - beginMs);
    this.#tell("info", "Configuration reloaded", { ms });
    this.#options.emit({ type: "reload", ok: true });
    this.#options.onChange?.(config);
    return { ok: true, how, changes: diffConfigs(before, configOf(supervisor.config)), warnings };
  }

  async #change(supervisor: Supervisor, config: Config): Promise<ReloadKind> {
    const others = await prepareAll(this.#options.parts ?? [], config);
    try {
      const how = await supervisor.reload(config);
      others.commit();
      return how;
    } catch (error) {
      others.cancel();
      throw error;
    }
  }

  #refuse(result: NotChanged): NotChanged {
    const { problems } = result;
    const message = "Reload refused: the configuration before stays in force";
    for (const problem of problems) this.#tell("error", message, { problem });
    this.#options.emit({ type: "reload", ok: false, problems });
    this.#refused++;
    this.#problems = problems;
    return result;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return await done;
  }

  #tell(level: LogLevel, message: string, fields: LogFields = {}): void {
    this.#options.log.write({ level, category: "config", message, fields });
  }
}

/** A configuration, or why there is none. */
type LoadRead = Loaded | NotChanged;

/** What a file would have to say beside what it says. */
export interface PendingChanges extends PendingEdits {
  /** The main file. */
  readonly file: string;
}

/** What is to be in force. */
interface Wanted {
  readonly file: Config;
  readonly overlay: Overlay;
}

function conflict(problem: string): NotChanged {
  return { ok: false, why: "conflict", problems: [problem] };
}

function describe(error: unknown): string {
  const reason = messageOf(error);
  if (!(error instanceof ListenError)) return reason;
  return `cannot open listener "${error.listener}": ${reason}`;
}
