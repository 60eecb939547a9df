import type { Backend, Candidate, Lease } from "../core/types.ts";
import type { BalancedUpstream } from "../upstream/upstream.ts";
import type { Overload, WaitingRoom } from "./waiting_room.ts";

/** What a {@linkcode LeaseSearch} works with. */
export interface LeaseSearchOptions {
  readonly upstream: BalancedUpstream;
  /** Absent where backends take as much work as comes. */
  readonly room: WaitingRoom | undefined;
  /** 32-bit hash of the affinity key. */
  readonly key: number;
  /** The backend that the client is bound to, for this attempt. */
  readonly bound: () => Backend | undefined;
  /** Backends that failed, once there are any. */
  readonly tried: () => ReadonlySet<Candidate> | undefined;
}

/** How a request comes to a backend: to its client's own, to the algorithm's choice, or by waiting. */
export class LeaseSearch {
  readonly #options: LeaseSearchOptions;
  #leave: (() => void) | undefined;
  #overload: Overload | undefined;

  constructor(options: LeaseSearchOptions) {
    this.#options = options;
  }

  /** Why the last search had nothing, if every backend had too much work. */
  get overload(): Overload | undefined {
    return this.#overload;
  }

  /** What is free now, unless others wait for it. */
  atOnce(): Lease | undefined {
    return this.#options.room?.isBusy ? undefined : this.#pick();
  }

  /** Waiting may help: backends are there, and full. */
  get canWait(): boolean {
    const { room, upstream } = this.#options;
    return room !== undefined && upstream.isFull();
  }

  /** @returns `undefined` also after `leave` */
  async wait(): Promise<Lease | undefined> {
    const wait = this.#options.room?.wait(() => this.#pick());
    this.#leave = wait?.leave;
    const result = await wait?.result;
    this.#leave = undefined;
    if (typeof result === "object") return result;
    this.#overload = result === "left" ? undefined : result;
    return undefined;
  }

  /** Ends a wait. */
  leave(): void {
    this.#leave?.();
  }

  #pick(): Lease | undefined {
    const { upstream, key } = this.#options;
    const tried = this.#options.tried();
    const bound = this.#options.bound();
    const preferred = bound && upstream.acquirePreferred(bound, tried);
    // With every backend tried once, a retry goes round again rather than nowhere.
    return preferred ?? upstream.acquire(key, tried) ??
      (tried === undefined ? undefined : upstream.acquire(key));
  }
}
