import type { EmitEvent } from "../core/events.ts";
import type { Logger } from "../core/log.ts";
import { placeBackends, type PlacedBackend, type PlacedConfig } from "./layout.ts";
import type { OverrideMessage } from "./messages.ts";
import { type BackendChange, Overrides } from "./overrides.ts";

/** What a {@linkcode BackendControl} works with. */
export interface BackendControlOptions {
  /** The configuration in force. */
  readonly config: () => PlacedConfig;
  readonly log: Logger;
  /** Tells all threads. */
  readonly post: (message: OverrideMessage) => void;
  readonly emit: EmitEvent;
  /** Stops and starts the health checks of a backend. */
  readonly setChecked: (backend: PlacedBackend, isChecked: boolean) => void;
}

/** Does what operators want of backends: notes it, tells the threads, stops and starts checks. */
export class BackendControl {
  readonly overrides = new Overrides();
  readonly #options: BackendControlOptions;

  constructor(options: BackendControlOptions) {
    this.#options = options;
  }

  /** Changes a backend in all threads, also in those to come. False when there is none such. */
  change(upstream: string, id: string, change: BackendChange): boolean {
    const backend = placeBackends(this.#options.config()).find(({ spec, upstream: { name } }) => {
      return name === upstream && spec.id === id;
    });
    if (backend === undefined) return false;
    const stateBefore = this.overrides.stateOf(backend);
    // Noted first: a thread that starts between the two finds it there.
    this.overrides.change(backend, change);
    const news = this.overrides.messageOf(backend);
    this.#options.post(news);
    const { weight, state } = news;
    if (state !== stateBefore) this.#options.setChecked(backend, state !== "maintenance");
    const fields = { upstream, backend: id, weight, state };
    this.#options.emit({ type: "override", ...fields });
    const message = "Backend changed by an operator";
    this.#options.log.write({ level: "info", category: "admin", message, fields });
    return true;
  }
}
