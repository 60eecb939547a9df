import type { Clock } from "../core/clock.ts";

/** What a {@linkcode FolderWatch} looks at, and whom it tells. */
export interface FolderWatchOptions {
  readonly folders: readonly string[];
  readonly clock: Clock;
  /** Something in a folder may have changed, or it is time to look. */
  readonly onChange: () => void;
}

/**
 * Tells that files may have been replaced. It watches their folders, not the files: a file that was
 * renamed over, or a ConfigMap whose `..data` was swapped, leaves a watch on the old one. And it says
 * so every half minute, because a watch can fail, and does not see through symbolic links.
 */
export class FolderWatch implements Disposable {
  readonly #options: FolderWatchOptions;
  readonly #watchers: Deno.FsWatcher[] = [];
  #pending: Disposable | undefined;
  /** The first event that nobody has been told of. */
  #sinceMs: number | undefined;
  #poll: Disposable | undefined;

  constructor(options: FolderWatchOptions) {
    this.#options = options;
    for (const folder of options.folders) this.#watch(folder);
    this.#pollLater();
  }

  [Symbol.dispose](): void {
    this.#pending?.[Symbol.dispose]();
    this.#poll?.[Symbol.dispose]();
    for (const watcher of this.#watchers) watcher[Symbol.dispose]();
  }

  #watch(folder: string): void {
    try {
      const watcher = Deno.watchFs(folder, { recursive: false });
      this.#watchers.push(watcher);
      // Ends when the watcher is closed.
      void this.#follow(watcher);
    } catch {
      // Gone, or out of watches: there is still the poll.
    }
  }

  async #follow(watcher: Deno.FsWatcher): Promise<void> {
    try {
      for await (const { kind } of watcher) {
        // Reading the files is an event too.
        if (kind !== "access") this.#tellSoon();
      }
    } catch {
      // As above.
    }
  }

  /** Files that belong together get a moment to be all there, and one that is written to its end. */
  #tellSoon(): void {
    const { clock } = this.#options;
    const nowMs = clock.now();
    this.#sinceMs ??= nowMs;
    // Another file of the folder may be written to without end, such as a log.
    const delayMs = Math.max(0, Math.min(SETTLE_MS, this.#sinceMs + MAX_WAIT_MS - nowMs));
    this.#pending?.[Symbol.dispose]();
    this.#pending = clock.after(delayMs, () => {
      this.#sinceMs = undefined;
      this.#options.onChange();
    });
  }

  #pollLater(): void {
    this.#poll = this.#options.clock.after(POLL_MS, () => {
      this.#options.onChange();
      this.#pollLater();
    });
  }
}

const SETTLE_MS = 300;
const MAX_WAIT_MS = 3000;
const POLL_MS = 30_000;
