import { systemEnvironment } from "../config/files.ts";
import type { Config } from "../config/types.ts";
import { inCategory, type Logger } from "../core/log.ts";
import { CertificateUpkeep, type UpkeepOptions } from "./certificate_upkeep.ts";
import { Certificates } from "./certificates.ts";

/**
 * Reads the certificates of a configuration.
 *
 * @param before those of the configuration before
 * @throws {StartError} naming the first that cannot be used
 */
export function loadCertificates(
  config: Config,
  log: Logger,
  before?: Certificates,
): Promise<Certificates> {
  const { files } = systemEnvironment();
  return Certificates.load(
    { config, files, log: inCategory(log, "tls"), wallMs: Date.now },
    before,
  );
}

/** The certificates in force, which are kept up with their files. */
export class CertificateKeeper implements Disposable {
  readonly #options: Omit<UpkeepOptions, "certificates">;
  #current: Certificates;
  #upkeep: CertificateUpkeep | undefined;

  constructor({ certificates, log, ...options }: UpkeepOptions) {
    this.#options = { ...options, log: inCategory(log, "tls") };
    this.#current = certificates;
  }

  get current(): Certificates {
    return this.#current;
  }

  /** Looks after these from now on. */
  take(certificates: Certificates): void {
    this.#upkeep?.[Symbol.dispose]();
    this.#current = certificates;
    this.#upkeep = new CertificateUpkeep({ ...this.#options, certificates });
  }

  [Symbol.dispose](): void {
    this.#upkeep?.[Symbol.dispose]();
  }
}
