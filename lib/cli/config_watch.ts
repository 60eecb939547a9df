import { messageOf } from "../core/errors.ts";
import type { Clock } from "../core/clock.ts";
import { FolderWatch } from "../runtime/folder_watch.ts";

/** The files that a configuration was made of. */
export interface ConfigSources {
  readonly files: readonly string[];
  /** Folders of these files, and of those that `include` may find. */
  readonly folders: readonly string[];
}

/** What a {@linkcode ConfigWatch} works with. */
export interface ConfigWatchOptions {
  readonly clock: Clock;
  /** Of the configuration that was read last. */
  readonly sources: () => ConfigSources;
  /** The files may say something else now. Never rejects. */
  readonly onChange: () => Promise<unknown>;
}

/** Looks after the files of a configuration until disposed, also those that it includes. */
export class ConfigWatch implements Disposable {
  readonly #options: ConfigWatchOptions;
  #folders: FolderWatch;
  #seen: string | undefined;
  #looking: Promise<void> = Promise.resolve();
  #ended = false;

  constructor(options: ConfigWatchOptions) {
    this.#options = options;
    this.#folders = this.#watch();
    // They may have changed since they were read.
    this.#look();
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    this.#folders[Symbol.dispose]();
  }

  #watch(): FolderWatch {
    const { clock, sources } = this.#options;
    const { files, folders: known } = sources();
    const folders = [...new Set([...known, ...files.map(folderOf)])];
    return new FolderWatch({ folders, clock, onChange: () => this.#look() });
  }

  #look(): void {
    this.#looking = this.#looking.then(() => this.#lookNow());
  }

  async #lookNow(): Promise<void> {
    const { sources, onChange } = this.#options;
    while (!this.#ended) {
      // Before they are read: what is written meanwhile is found by the next turn.
      const now = await fingerprint(sources());
      if (now === this.#seen || this.#ended) return;
      await onChange();
      this.#seen = now;
      if (this.#ended) return;
      // It may be made of others now, and a folder that was replaced is another one.
      this.#folders[Symbol.dispose]();
      this.#folders = this.#watch();
    }
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1) || ".";
}

/** Differs as soon as a file is another one, or a folder holds others. */
async function fingerprint({ files, folders }: ConfigSources): Promise<string> {
  const lines = [...files.map(describeFile), ...folders.map(describeFolder)];
  return (await Promise.all(lines)).join("\n");
}

async function describeFile(path: string): Promise<string> {
  try {
    const { ino, size, mtime, ctime } = await Deno.stat(path);
    return [path, ino, size, mtime?.getTime(), ctime?.getTime()].join(" ");
  } catch (error) {
    return `${path} ${messageOf(error)}`;
  }
}

async function describeFolder(path: string): Promise<string> {
  try {
    const names = (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name);
    return `${path} ${names.sort().join(" ")}`;
  } catch (error) {
    return `${path} ${messageOf(error)}`;
  }
}

/** A {@linkcode ConfigWatch} that is turned on and off. */
export class WatchSwitch implements Disposable {
  readonly #options: ConfigWatchOptions;
  #watch: ConfigWatch | undefined;

  constructor(options: ConfigWatchOptions) {
    this.#options = options;
  }

  /** Begins or ends to look after the files. */
  turn(way: "on" | "off"): void {
    if (way === "on") this.#watch ??= new ConfigWatch(this.#options);
    else this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
  }
}
