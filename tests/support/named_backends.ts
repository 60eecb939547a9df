import { parseAddress } from "../../lib/core/address.ts";
import { HttpBackend } from "./http_backend.ts";
import { answerOf } from "./http_wire.ts";
import type { Place } from "./servers.ts";

/** Backends that answer with their names. */
export class NamedBackends implements AsyncDisposable {
  readonly #backends: Map<string, HttpBackend>;

  constructor(names: readonly string[]) {
    this.#backends = new Map(names.map((name) => [name, open(name)]));
  }

  get addresses(): string[] {
    return [...this.#backends.values()].map(({ address }) => address);
  }

  async stop(name: string): Promise<void> {
    await this.#backends.get(name)?.[Symbol.asyncDispose]();
  }

  /** Opens one that was stopped, where it was. */
  restart(name: string): void {
    const stopped = this.#backends.get(name);
    if (stopped !== undefined) this.#backends.set(name, open(name, placeOf(stopped.address)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const backend of this.#backends.values()) {
      await backend[Symbol.asyncDispose]().catch(() => {});
    }
  }
}

function open(name: string, place?: Place): HttpBackend {
  return new HttpBackend(() => answerOf(200, name), place);
}

function placeOf(text: string): Place {
  const address = parseAddress(text);
  return address.kind === "unix" ? address : { hostname: address.hostname, port: address.port };
}
