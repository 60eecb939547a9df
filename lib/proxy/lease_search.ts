import type { Backend, Candidate, Lease } from "../core/types.ts";
import type { HttpUpstream } from "./http_route.ts";
import type { Overload, WaitingRoom } from "./waiting_room.ts";

/** What of a request says where it belongs. */
export interface Affinity {
  /** 32-bit hash of the affinity key. */
  readonly key: number;
  /** The Cookie field, where sessions are sticky. */
  readonly cookie: string | undefined;
}

/** Where leases come from. */
export interface LeaseSource {
  readonly upstream: HttpUpstream["upstream"];
  /** Absent where backends take as much work as comes. */
  readonly room: WaitingRoom | undefined;
  readonly sticky: {
    readonly table:
      | { readonly backendFor: (cookie: string | undefined) => Backend | undefined }
      | undefined;
  };
}

/** What was done for a request so far. */
export interface Attempts {
  /** Absent before the first has failed. */
  readonly tried: ReadonlySet<Candidate> | undefined;
}

/** How a request comes to a backend: to its client's own, to the algorithm's choice, or by waiting. */
export class LeaseSearch {
  readonly #http: LeaseSource;
  readonly #plan: Attempts;
  readonly #affinity: Affinity;
  #leave: (() => void) | undefined;
  #overload: Overload | undefined;

  /** @param plan knows what has been tried */
  constructor(http: LeaseSource, plan: Attempts, affinity: Affinity) {
    this.#http = http;
    this.#plan = plan;
    this.#affinity = affinity;
  }

  /** The backend that the client is bound to, if it is to any. */
  get bound(): Backend | undefined {
    return this.#http.sticky.table?.backendFor(this.#affinity.cookie);
  }

  /** Why the last search had nothing, if every backend had too much work. */
  get overload(): Overload | undefined {
    return this.#overload;
  }

  /** What is free now, unless others wait for it. */
  atOnce(): Lease | undefined {
    return this.#http.room?.isBusy ? undefined : this.#pick();
  }

  /** Waiting may help: backends are there, and full. */
  get canWait(): boolean {
    const { room, upstream } = this.#http;
    return room !== undefined && upstream.isFull();
  }

  /** @returns `undefined` also after `leave` */
  async wait(): Promise<Lease | undefined> {
    const wait = this.#http.room?.wait(() => this.#pick());
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
    const { upstream } = this.#http;
    const { key } = this.#affinity;
    const { tried } = this.#plan;
    const { bound } = this;
    const preferred = bound && upstream.acquirePreferred(bound, tried);
    // With every backend tried once, a retry goes round again rather than nowhere.
    return preferred ?? upstream.acquire(key, tried) ??
      (tried === undefined ? undefined : upstream.acquire(key));
  }
}
