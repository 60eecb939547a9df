import type { Config } from "../config/types.ts";
import type { EmitEvent } from "../core/events.ts";
import type { Logger } from "../core/log.ts";
import { Generation } from "./generation.ts";
import type { PlacedConfig } from "./layout.ts";
import type { RunTimeChanges, ToWorker } from "./messages.ts";
import { MAX_GENERATIONS, NoRoomError, type SharedState } from "./shared_state.ts";
import type { WorkerSlotOptions } from "./worker_slot_options.ts";

/** Where what threads write beside the log goes. */
export type Sinks = Pick<WorkerSlotOptions, "access" | "traces">;

/** What {@linkcode Generations} are made of. */
export interface GenerationsOptions extends Sinks {
  readonly state: SharedState;
  readonly log: Logger;
  /** What operators have changed by now, as far as it holds under a configuration. */
  readonly changes: (config: PlacedConfig) => RunTimeChanges;
  readonly emit: EmitEvent;
}

/** The generation of threads in force, and those before it that still have connections. */
export class Generations implements Disposable {
  readonly #options: GenerationsOptions;
  readonly #state: SharedState;
  /** The oldest first. */
  readonly #former = new Set<Generation>();
  #current: Generation;
  /** Of generations that are no more. */
  readonly #past = { restarts: 0, logDropped: 0 };

  constructor(options: GenerationsOptions) {
    this.#options = options;
    this.#state = options.state;
    this.#current = this.#create([]);
  }

  get current(): Generation {
    return this.#current;
  }

  /** Threads that had to be replaced. */
  get restarts(): number {
    return this.#all().reduce((sum, { restarts }) => sum + restarts, this.#past.restarts);
  }

  /** Log records that were lost because a thread wrote faster than they could be read. */
  get logDropped(): number {
    return this.#all().reduce((sum, { logDropped }) => sum + logDropped, this.#past.logDropped);
  }

  /** What each of them goes by. */
  configs(): PlacedConfig[] {
    return this.#all().map(({ plan }) => plan.config);
  }

  /**
   * Has the present one get ready for what the shared state says, or starts another in its place.
   *
   * @throws {ListenError | StartError | Error} why not; then everything is as it was
   */
  async prepare(config: Config): Promise<void> {
    if (this.#current.canTake(config)) await this.#current.prepare(this.#state.plan);
    else await this.#succeed(config);
  }

  /** Tells all threads. */
  post(message: ToWorker): void {
    for (const generation of this.#all()) generation.post(message);
  }

  /** Tells the threads of those that are not in force any more. */
  postFormer(message: ToWorker): void {
    for (const generation of this.#former) generation.post(message);
  }

  checkBeats(): void {
    for (const generation of this.#all()) generation.checkBeats();
  }

  /** Closes all listeners; resolves once the last connection has ended. */
  async drain(): Promise<void> {
    await Promise.all(this.#all().map((generation) => generation.drain()));
  }

  [Symbol.dispose](): void {
    for (const generation of this.#all()) generation[Symbol.dispose]();
  }

  /** Starts another generation of threads, and lets the present one come to its end. */
  async #succeed(config: Config): Promise<void> {
    const old = this.#current;
    const next = this.#create(this.#all());
    const hasUnix = config.listeners.some(({ address }) => address.kind === "unix");
    try {
      if (hasUnix) await old.releaseUnix();
      await next.start();
    } catch (error) {
      next[Symbol.dispose]();
      if (hasUnix) await old.resume();
      throw error;
    }
    this.#current = next;
    this.#former.add(old);
    // Never rejects.
    void this.#retire(old);
    this.#endOldest();
  }

  async #retire(generation: Generation): Promise<void> {
    await generation.drain("retire");
    this.#former.delete(generation);
    generation[Symbol.dispose]();
    this.#past.restarts += generation.restarts;
    this.#past.logDropped += generation.logDropped;
  }

  /** There are slots for so many generations, and no more. */
  #endOldest(): void {
    const [oldest] = this.#former;
    if (oldest === undefined || this.#former.size < MAX_GENERATIONS - 1) return;
    this.#options.log.write({
      level: "warning",
      message: "Too many reloads with connections from before them: the oldest are cut",
      fields: { generations: this.#former.size },
    });
    oldest.post({ type: "abort" });
  }

  #all(): Generation[] {
    return [...this.#former, this.#current];
  }

  #create(others: readonly Generation[]): Generation {
    const { plan, table, guards, metrics } = this.#state;
    const taken = new Set(others.flatMap(({ slots }) => slots));
    const slots: number[] = [];
    for (let slot = 0; slots.length < plan.config.workers; slot++) {
      if (slot >= table.shape.workers) {
        throw new NoRoomError(
          `more workers than was made room for at the start (${table.shape.workers} with those of ` +
            "reloads before that still have connections): restart Weir with this configuration",
        );
      }
      if (!taken.has(slot)) slots.push(slot);
    }
    const { log, changes, emit, access, traces } = this.#options;
    const parts = { table, guards, metrics, log, changes, emit, access, traces };
    return new Generation({ slots, plan, ...parts });
  }
}
