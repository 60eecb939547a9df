import { isSame } from "../core/same.ts";
import { type CertificatePair, readPair } from "../config/certificate.ts";
import { type FileSource, isWorldReadable } from "../config/files.ts";
import { certificateFolders } from "../config/permissions.ts";
import { readText } from "../config/read.ts";
import type { Config } from "../config/types.ts";
import type { CertificateFiles } from "../config/types_tls.ts";
import type { Logger } from "../core/log.ts";
import type { ListenerCertificates } from "./fronts.ts";
import { StartError } from "./sandbox.ts";

/** What {@linkcode Certificates} takes from outside. */
export interface CertificatesOptions {
  readonly config: Config;
  readonly files: Pick<FileSource, "read">;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly wallMs: () => number;
}

/** One certificate in use, as the status tells it. */
export interface CertificateStatus {
  /** Its first name; with its file where another one has that too. */
  readonly name: string;
  readonly names: readonly string[];
  readonly file: string;
  /** Names of the listeners that show it. */
  readonly listeners: readonly string[];
  /** Dates as ISO 8601. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** Until it expires; below zero when it has. */
  readonly secondsLeft: number;
  readonly daysLeft: number;
  /** Why what stands in its files now is not in use. */
  readonly error?: string;
}

/** One pair of files, and what was last found good in them. */
interface Entry {
  readonly files: CertificateFiles;
  /** Names of the listeners that name it. */
  readonly listeners: string[];
  pair: CertificatePair;
  /** Digest of the last content, good or bad: each is judged once. */
  digest: string;
  error: string | undefined;
  warnedAtMs: number;
}

/** The certificates of all listeners: read at the start, and again when they may have changed. */
export class Certificates {
  readonly #options: CertificatesOptions;
  readonly #entries: readonly Entry[];
  #refresh: Promise<unknown> = Promise.resolve();

  private constructor(options: CertificatesOptions, entries: readonly Entry[]) {
    this.#options = options;
    this.#entries = entries;
  }

  /**
   * Reads all of them.
   *
   * @param before those of the configuration before
   * @throws {StartError} naming the first that cannot be used
   */
  static async load(options: CertificatesOptions, before?: Certificates): Promise<Certificates> {
    const entries = new Map<string, Entry>();
    for (const { name, tls } of options.config.listeners) {
      for (const files of tls?.certificates ?? []) {
        const key = JSON.stringify([files.cert, files.key, files.names]);
        const known = entries.get(key);
        const entry = known ?? await firstRead(files, options);
        if (known === undefined && before !== undefined) before.#handOn(entry);
        entry.listeners.push(name);
        entries.set(key, entry);
      }
    }
    return new Certificates(options, [...entries.values()]);
  }

  /** Folders that their files are in. */
  get folders(): readonly string[] {
    return certificateFolders(this.#options.config);
  }

  /** What the threads show, by name of the listener. */
  byListener(): ListenerCertificates {
    const secure = this.#options.config.listeners.filter(({ tls }) => tls !== undefined);
    return new Map(secure.map(({ name }) => [name, this.#of(name)]));
  }

  /**
   * Reads the files again. A pair that is not in order leaves the one before in use.
   *
   * @returns names of the listeners that have something new to show
   */
  refresh(): Promise<readonly string[]> {
    // One after the other: two at once could finish in the wrong order.
    const result = this.#refresh.then(() => this.#refreshAll());
    this.#refresh = result;
    return result;
  }

  /** Warns of what ends soon, of each once a day. */
  warnOfExpiry(): void {
    const nowMs = this.#options.wallMs();
    for (const entry of this.#entries) {
      const daysLeft = daysUntil(entry.pair.notAfterMs, nowMs);
      if (daysLeft >= WARN_DAYS || nowMs - entry.warnedAtMs < DAY_MS) continue;
      entry.warnedAtMs = nowMs;
      const isOver = entry.pair.notAfterMs <= nowMs;
      const fields = { name: entry.pair.certificate.names[0], file: entry.files.cert, daysLeft };
      this.#options.log.write(
        isOver
          ? { level: "error", message: "Certificate has expired", fields }
          : { level: "warning", message: "Certificate expires soon", fields },
      );
    }
  }

  status(): CertificateStatus[] {
    const taken = new Set<string>();
    return this.#entries.map(({ files, listeners, pair, error }): CertificateStatus => {
      const { names } = pair.certificate;
      const first = names[0] ?? files.cert;
      const name = taken.has(first) ? `${first} (${files.cert})` : first;
      taken.add(name);
      const leftMs = pair.notAfterMs - this.#options.wallMs();
      return {
        name,
        names,
        file: files.cert,
        listeners: [...new Set(listeners)],
        notBefore: new Date(pair.notBeforeMs).toISOString(),
        notAfter: new Date(pair.notAfterMs).toISOString(),
        secondsLeft: Math.floor(leftMs / 1000),
        daysLeft: Math.floor(leftMs / DAY_MS),
        ...(error === undefined ? {} : { error }),
      };
    });
  }

  /** What is known of a pair of files goes on with who has it next. */
  #handOn(entry: Entry): void {
    const old = this.#entries.find(({ files }) => isSame(files, entry.files));
    if (old === undefined) return;
    if (old.digest === entry.digest) entry.warnedAtMs = old.warnedAtMs;
    else this.#tellReplaced(entry);
  }

  #tellReplaced({ files, pair }: Entry): void {
    const notAfter = new Date(pair.notAfterMs).toISOString();
    const fields = { name: pair.certificate.names[0], file: files.cert, notAfter };
    this.#options.log.write({ level: "info", message: "Certificate replaced", fields });
  }

  #of(listener: string) {
    return this.#entries.filter(({ listeners }) => listeners.includes(listener))
      .map(({ pair }) => pair.certificate);
  }

  async #refreshAll(): Promise<readonly string[]> {
    const changed = new Set<string>();
    for (const entry of this.#entries) {
      if (!await this.#refreshOne(entry)) continue;
      for (const listener of entry.listeners) changed.add(listener);
    }
    return [...changed];
  }

  async #refreshOne(entry: Entry): Promise<boolean> {
    const { log } = this.#options;
    const { files } = entry;
    const read = await readFiles(files, this.#options.files);
    if (read.digest === entry.digest) return false;
    entry.digest = read.digest;
    const found = await judge(read, files);
    const fields = { name: entry.pair.certificate.names[0], file: files.cert };
    if ("error" in found) {
      entry.error = found.error;
      const message = "Cannot use new certificate: the one before stays in use";
      log.write({ level: "error", message, fields: { ...fields, error: found.error } });
      return false;
    }
    entry.error = undefined;
    entry.pair = found.pair;
    entry.warnedAtMs = -Infinity;
    this.#tellReplaced(entry);
    return true;
  }
}

const DAY_MS = 86_400_000;
const WARN_DAYS = 14;

function daysUntil(momentMs: number, nowMs: number): number {
  return Math.floor((momentMs - nowMs) / DAY_MS);
}

async function firstRead(files: CertificateFiles, options: CertificatesOptions): Promise<Entry> {
  const read = await readFiles(files, options.files);
  const found = await judge(read, files);
  if ("error" in found) throw new StartError(`cannot use a certificate: ${found.error}`);
  if (await isWorldReadable(files.key)) {
    const message = "Private key can be read by everybody on this machine";
    options.log.write({ level: "warning", message, fields: { file: files.key } });
  }
  return {
    files,
    listeners: [],
    pair: found.pair,
    digest: read.digest,
    error: undefined,
    warnedAtMs: -Infinity,
  };
}

/** The two texts, or why one of them is not there. */
interface FilesRead {
  readonly digest: string;
  readonly cert: string;
  readonly key: string;
  readonly error: string | undefined;
}

async function readFiles(
  files: CertificateFiles,
  source: CertificatesOptions["files"],
): Promise<FilesRead> {
  const [cert, key] = await Promise.all([files.cert, files.key].map(async (path) => {
    const read = await readText(path, source);
    return read.ok ? { text: read.source.text } : { text: "", error: `${path}: ${read.message}` };
  }));
  const [certText = "", keyText = ""] = [cert?.text, key?.text];
  const error = cert?.error ?? key?.error;
  const bytes = new TextEncoder().encode(JSON.stringify([certText, keyText, error]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  return { digest, cert: certText, key: keyText, error };
}

async function judge(
  { cert, key, error }: FilesRead,
  files: CertificateFiles,
): Promise<{ pair: CertificatePair } | { error: string }> {
  if (error !== undefined) return { error };
  const read = await readPair({ cert, key, names: files.names });
  return read.ok ? { pair: read.pair } : { error: `${files[read.at]}: ${read.message}` };
}
