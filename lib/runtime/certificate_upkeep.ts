import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import { messageOf } from "../core/errors.ts";
import { FolderWatch } from "./folder_watch.ts";
import type { Certificates } from "./certificates.ts";
import type { ToWorker } from "./messages.ts";

/** What {@linkcode CertificateUpkeep} works with. */
export interface UpkeepOptions {
  readonly certificates: Certificates;
  readonly clock: Clock;
  readonly log: Logger;
  /** Tells every thread. */
  readonly post: (message: ToWorker) => void;
}

/** Keeps the threads supplied with the certificates that are on disk, until it is disposed. */
export class CertificateUpkeep implements Disposable {
  readonly #options: UpkeepOptions;
  readonly #watch: FolderWatch | undefined;
  #timer: Disposable | undefined;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    const { folders } = options.certificates;
    if (folders.length === 0) return;
    const onChange = () => void this.refresh();
    this.#watch = new FolderWatch({ folders, clock: options.clock, onChange });
    this.#warnEveryHour();
  }

  /** Reads the files and hands on what is new. Never rejects. */
  async refresh(): Promise<void> {
    const { certificates, log, post } = this.#options;
    try {
      const changed = await certificates.refresh();
      if (changed.length > 0) certificates.warnOfExpiry();
      const all = certificates.byListener();
      for (const listener of changed) {
        post({ type: "certificates", listener, certificates: all.get(listener) ?? [] });
      }
    } catch (error) {
      const fields = { error: messageOf(error) };
      log.write({ level: "error", message: "Cannot read certificates again", fields });
    }
  }

  [Symbol.dispose](): void {
    this.#watch?.[Symbol.dispose]();
    this.#timer?.[Symbol.dispose]();
  }

  #warnEveryHour(): void {
    this.#options.certificates.warnOfExpiry();
    this.#timer = this.#options.clock.after(HOUR_MS, () => this.#warnEveryHour());
  }
}

const HOUR_MS = 3_600_000;
