import type { ServerCertificate } from "../core/server_certificate.ts";
import { AcceptError, type Acceptor, type Conn } from "./transport.ts";
import { messageOf } from "../core/errors.ts";

/** What a {@linkcode SwitchingAcceptor} switches between. */
export interface SwitchingOptions {
  /** Opens the one that is used as a rule. @throws {Error} of the system */
  readonly open: () => Acceptor;
  /** Opens the other one, on the same accept queue. @throws {Error} of the system */
  readonly openOther: () => Acceptor;
  /** Asked before each accept: is it the other one's turn? */
  readonly wantsOther: () => boolean;
}

/** Two ways to accept what comes to one address, of which one is open at a time. */
export class SwitchingAcceptor implements Acceptor {
  readonly #options: SwitchingOptions;
  #current: Acceptor;
  #isOther = false;
  #closed = false;

  /** @throws {Error} of the system */
  constructor(options: SwitchingOptions) {
    this.#options = options;
    this.#current = options.open();
  }

  async accept(): Promise<Conn | undefined> {
    if (this.#closed) return undefined;
    const { wantsOther } = this.#options;
    if (wantsOther() !== this.#isOther) this.#switch();
    return await this.#current.accept();
  }

  replaceCertificates(certificates: readonly ServerCertificate[]): void {
    this.#current.replaceCertificates?.(certificates);
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#current[Symbol.dispose]();
  }

  /** The next one is open before this one is closed: nothing that waits is lost. */
  #switch(): void {
    const { open, openOther } = this.#options;
    const before = this.#current;
    try {
      this.#current = this.#isOther ? open() : openOther();
    } catch (error) {
      throw new AcceptError(messageOf(error), { cause: error });
    }
    this.#isOther = !this.#isOther;
    before[Symbol.dispose]();
  }
}
