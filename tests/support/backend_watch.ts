import type { BackendStatus } from "../../lib/runtime/status.ts";
import type { Scenario } from "./scenario.ts";
import { pause } from "./wait.ts";

/** What keeps work from a backend. */
export type Finder = "health check" | "ejection" | "breaker";

/** A backend as Weir tells of it at one moment. */
export interface Look {
  /** Of `performance.now()`. */
  readonly atMs: number;
  /** Attempts on it so far: requests that were handed to it, and connections that failed. */
  readonly attempts: number;
  /** What keeps work from it; absent: nothing. */
  readonly by: Finder | undefined;
}

/** Asks Weir about one backend again and again. */
export class BackendWatch implements AsyncDisposable {
  readonly looks: Look[] = [];
  readonly #scenario: Scenario;
  readonly #place: number;
  readonly #running: Promise<void>;
  #isOver = false;

  /** @param place of the backend in the configuration */
  constructor(scenario: Scenario, place: number) {
    this.#scenario = scenario;
    this.#place = place;
    this.#running = this.#run();
  }

  /** The last look. */
  get last(): Look | undefined {
    return this.looks.at(-1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const status = (await this.#scenario.backendStatus())[this.#place];
      if (status === undefined) throw new Error(`Cannot watch: no backend ${this.#place}`);
      this.looks.push({
        atMs: performance.now(),
        attempts: status.requests + status.connectFailures,
        by: finderOf(status),
      });
      await pause(POLL_MS);
    }
  }
}

function finderOf({ up, ejected, circuit }: BackendStatus): Finder | undefined {
  if (ejected) return "ejection";
  if (circuit !== "closed") return "breaker";
  return up ? undefined : "health check";
}

/**
 * From when on a backend got no more than `most` attempts in each second that was watched, in
 * milliseconds of `performance.now()`; `undefined` when that never came.
 */
export function quietFrom(looks: readonly Look[], most: number): number | undefined {
  let quietMs: number | undefined;
  let end = 0;
  for (const look of looks) {
    while (end < looks.length && looks[end]!.atMs < look.atMs + 1000) end++;
    if (end === looks.length) return quietMs;
    const isQuiet = looks[end]!.attempts - look.attempts <= most;
    quietMs = isQuiet ? quietMs ?? look.atMs : undefined;
  }
  return quietMs;
}

/** Often enough for a table, and seldom enough to leave Weir to its work. */
const POLL_MS = 25;
