import { codePlace } from "./codes.ts";
import { observe } from "./histogram.ts";
import {
  LINK_PLACES,
  LISTENER_PLACES,
  type MetricPlan,
  type Place,
  UPSTREAM_PLACES,
} from "./metric_layout.ts";
import { reasonPlace, RETRY_REASONS, type RetryReason } from "./reasons.ts";

/** What one thread counts. Nobody else writes to its cells, so that counting is a plain addition. */
export class ThreadMeters {
  readonly #cells: Float64Array;
  /** By place of a backend: the cells of its upstream. Sparse, as are the others. */
  readonly #connect: number[] = [];
  readonly #waits: number[] = [];
  readonly #listeners: number[] = [];
  /** By listener and upstream. */
  readonly #links: LinkMeter[][] = [];

  /** @param cells those of this thread alone */
  constructor(cells: Float64Array) {
    this.#cells = cells;
  }

  /** Counts for what is in a plan too. What was taken before is not forgotten: some may go on. */
  take({ listeners, upstreams, links }: MetricPlan): void {
    for (const { place, at } of listeners) this.#listeners[place] = at;
    for (const { place, at, backends } of upstreams) {
      this.#waits[place] = at + UPSTREAM_PLACES.wait;
      for (const backend of backends) this.#connect[backend] = at + UPSTREAM_PLACES.connect;
    }
    for (const { listener, upstream, at, rows } of links) {
      const meter = new LinkMeter(this.#cells, at, rows);
      (this.#links[listener] ??= [])[upstream] = meter;
    }
  }

  /** A connection to a backend was opened, in so many milliseconds. */
  connected(backend: number, tookMs: number): void {
    const at = this.#connect[backend];
    if (at !== undefined) observe(this.#cells, at, tookMs / 1000);
  }

  /** Work left the queue of an upstream, after so many milliseconds: to a backend, or too late. */
  waited(upstream: number, waitMs: number): void {
    const at = this.#waits[upstream];
    if (at !== undefined) observe(this.#cells, at, waitMs / 1000);
  }

  /** The meter of a listener. @throws {RangeError} when it is in no plan */
  listener(listener: number): ListenerMeter {
    const at = this.#listeners[listener];
    if (at === undefined) throw new RangeError(`Cannot count for listener ${listener}: no plan`);
    return new ListenerMeter(this.#cells, at, [...(this.#links[listener] ?? [])]);
  }
}

/** What one thread counts for one listener. */
export class ListenerMeter {
  readonly #cells: Float64Array;
  readonly #at: number;
  readonly #links: readonly (LinkMeter | undefined)[];

  /** @param links by place of the upstream */
  constructor(cells: Float64Array, at: number, links: readonly (LinkMeter | undefined)[]) {
    this.#cells = cells;
    this.#at = at;
    this.#links = links;
  }

  /** Bytes came from a client. */
  received(bytes: number): void {
    this.#cells[this.#at + LISTENER_PLACES.received]! += bytes;
  }

  /** Bytes went to a client. */
  sent(bytes: number): void {
    this.#cells[this.#at + LISTENER_PLACES.sent]! += bytes;
  }

  /** Work was turned away, for the reason in that word of `X-Weir-Reason`. */
  rejected(reason: string): void {
    const place = reasonPlace(reason);
    if (place !== undefined) this.#cells[this.#at + LISTENER_PLACES.reasons + place]! += 1;
  }

  /** Weir answered a request that was for no upstream. */
  answered(status: number): void {
    this.#cells[this.#at + LISTENER_PLACES.codes + codePlace(status)]! += 1;
  }

  /** The meter of what goes to an upstream. @throws {RangeError} when nothing does */
  to(upstream: number): LinkMeter {
    const link = this.#links[upstream];
    if (link === undefined) throw new RangeError(`Cannot count for upstream ${upstream}: no link`);
    return link;
  }
}

/** What one thread counts for what one listener sends to one upstream. */
export class LinkMeter {
  readonly #cells: Float64Array;
  readonly #at: number;
  /** By place of a backend; sparse. */
  readonly #rows: number[] = [];

  constructor(cells: Float64Array, at: number, rows: readonly Place[]) {
    this.#cells = cells;
    this.#at = at;
    for (const { place, at } of rows) this.#rows[place] = at;
  }

  retried(reason: RetryReason): void {
    this.#cells[this.#at + LINK_PLACES.retries + RETRY_REASONS.indexOf(reason)]! += 1;
  }

  /**
   * A request has ended.
   *
   * @param status what its client was told
   * @param backend place of the one that answered; absent when Weir did
   * @param tookMs from the end of the request's head to the end of the answer
   */
  ended(status: number, backend: number | undefined, tookMs: number): void {
    const row = (backend === undefined ? undefined : this.#rows[backend]) ??
      this.#at + LINK_PLACES.codes;
    this.#cells[row + codePlace(status)]! += 1;
    observe(this.#cells, this.#at + LINK_PLACES.duration, tookMs / 1000);
  }
}
