import { networkList } from "../config/permissions.ts";
import type { Config } from "../config/types.ts";
import type { ToWorker } from "./messages.ts";
import type { RunPlan } from "./run_plan.ts";
import { WorkerSlot } from "./worker_slot.ts";
import type { WorkerSlotOptions } from "./worker_slot_options.ts";

/** What a {@linkcode Generation} is made of. */
export interface GenerationOptions extends Omit<WorkerSlotOptions, "slot" | "opensUnix"> {
  /** Slots of its workers in the tables. */
  readonly slots: readonly number[];
}

/**
 * The data plane threads that were started together, with permission for the same addresses. A
 * reload that names no others changes them in place; one that does brings another generation, and
 * this one lives on until its last connection has ended.
 */
export class Generation implements Disposable {
  readonly slots: readonly number[];
  readonly #workers: readonly WorkerSlot[];
  #plan: RunPlan;
  #next: RunPlan | undefined;

  constructor({ slots, ...options }: GenerationOptions) {
    this.slots = slots;
    this.#plan = options.plan;
    this.#workers = slots.map((slot, at) => {
      return new WorkerSlot({ ...options, slot, opensUnix: at === 0 });
    });
  }

  /** What it goes by. */
  get plan(): RunPlan {
    return this.#plan;
  }

  /** Threads that had to be replaced. */
  get restarts(): number {
    return this.#workers.reduce((sum, worker) => sum + worker.restarts, 0);
  }

  /** Log records that were lost because a thread wrote faster than they could be read. */
  get logDropped(): number {
    return this.#workers.reduce((sum, worker) => sum + worker.logDropped, 0);
  }

  /** Whether it can go by another configuration: as many threads, and no address that is new. */
  canTake(config: Config): boolean {
    return canTakeInPlace(this.#plan.config, config) &&
      this.#workers.every((worker) => worker.hasHopsFor(config));
  }

  /** Starts the threads; resolves once all listeners are open. @throws {ListenError | StartError} */
  async start(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.start()));
  }

  /** Has all threads get ready for another configuration. @throws why one cannot; then none does */
  async prepare(plan: RunPlan): Promise<void> {
    const results = await Promise.allSettled(this.#workers.map((worker) => worker.prepare(plan)));
    const refused = results.find(({ status }) => status === "rejected");
    if (refused?.status === "rejected") {
      this.cancel();
      throw refused.reason;
    }
    this.#next = plan;
  }

  /** Puts in force what was prepared. */
  commit(): void {
    if (this.#next !== undefined) this.#plan = this.#next;
    this.#next = undefined;
    for (const worker of this.#workers) worker.commit();
  }

  /** Gives up what was prepared. */
  cancel(): void {
    this.#next = undefined;
    for (const worker of this.#workers) worker.cancel();
  }

  /** Closes the listeners on Unix sockets: another generation is to open them. */
  async releaseUnix(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.releaseUnix()));
  }

  /** Opens again what it has closed for another generation that could not start. */
  async resume(): Promise<void> {
    await this.prepare(this.#plan);
    this.commit();
  }

  post(message: ToWorker): void {
    for (const worker of this.#workers) worker.post(message);
  }

  checkBeats(): void {
    for (const worker of this.#workers) worker.checkBeat();
  }

  /** Closes the listeners; resolves once the last connection has ended. */
  async drain(how: "drain" | "retire" = "drain"): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.drain(how)));
  }

  [Symbol.dispose](): void {
    for (const worker of this.#workers) worker[Symbol.dispose]();
  }
}

/** Whether threads of one configuration can take on another: as many, and no address that is new. */
export function canTakeInPlace(mine: Config, next: Config): boolean {
  if (next.workers !== mine.workers || next.sandbox !== mine.sandbox) return false;
  return !next.sandbox || isWithin(next, mine);
}

/** All that a configuration has to be allowed is allowed to another. */
function isWithin(config: Config, other: Config): boolean {
  const [wanted, given] = [networkList(config), networkList(other)];
  const isIn = (some: readonly string[], all: readonly string[]) => {
    const set = new Set(all);
    return some.every((entry) => set.has(entry));
  };
  const allNet = [...given.listen, ...given.connect];
  return isIn([...wanted.listen, ...wanted.connect], allNet) &&
    isIn(wanted.unixPaths, given.unixPaths);
}
