import type { EmitEvent } from "../core/events.ts";
import type { AdjustableLogger, LogLevel } from "../core/log.ts";
import { BackendControl } from "./backend_control.ts";
import type { PlacedBackend, PlacedConfig } from "./layout.ts";
import type { RunTimeChanges, ToWorker } from "./messages.ts";
import type { BackendChange, Overrides } from "./overrides.ts";

/** What {@linkcode RunTimeControl} works with. */
export interface RunTimeControlOptions {
  /** The configuration in force. */
  readonly config: () => PlacedConfig;
  /** As configured. */
  readonly logLevel: LogLevel;
  readonly log: AdjustableLogger;
  /** Tells all threads. */
  readonly post: (message: ToWorker) => void;
  readonly emit: EmitEvent;
  /** Stops and starts the health checks of a backend. */
  readonly setChecked: (backend: PlacedBackend, isChecked: boolean) => void;
}

/** What operators change of a running Weir, beside its configuration. It ends with the process. */
export class RunTimeControl {
  readonly #options: RunTimeControlOptions;
  readonly #backends: BackendControl;
  #configuredLevel: LogLevel;
  #logLevel: LogLevel;

  constructor(options: RunTimeControlOptions) {
    this.#options = options;
    this.#configuredLevel = options.logLevel;
    this.#logLevel = options.logLevel;
    this.#backends = new BackendControl(options);
  }

  get overrides(): Overrides {
    return this.#backends.overrides;
  }

  /** What a thread has to be told that goes by a configuration: this one or the next. */
  under(config: PlacedConfig): RunTimeChanges {
    const { levels: logLevels } = config.log;
    return {
      overrides: this.overrides.messages(config),
      logLevel: this.#levelUnder(config),
      ...(logLevels && { logLevels }),
    };
  }

  /** Another configuration takes the place of the one in force: what it changes itself ends. */
  take(next: PlacedConfig): void {
    this.#logLevel = this.#levelUnder(next);
    this.overrides.take(next);
    this.#configuredLevel = next.log.level;
    this.#options.log.setLevel?.(this.#logLevel, next.log.levels ?? {});
  }

  /** False when there is no such backend. */
  changeBackend(upstream: string, backend: string, change: BackendChange): boolean {
    return this.#backends.change(upstream, backend, change);
  }

  /** Changes what is written to the log from now on, but for categories with a level of their own. */
  setLogLevel(level: LogLevel): void {
    this.#logLevel = level;
    this.#options.log.setLevel?.(level);
    this.#options.post({ type: "log_level", level });
    this.#options.emit({ type: "log_level", level });
  }

  #levelUnder({ log }: PlacedConfig): LogLevel {
    return log.level === this.#configuredLevel ? this.#logLevel : log.level;
  }
}
