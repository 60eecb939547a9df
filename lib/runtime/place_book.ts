import type { Config } from "../config/types.ts";
import { formatAddress } from "../core/address.ts";
import type { TableShape } from "../core/shared_table.ts";
import type { Layout } from "./layout.ts";

/** What has a place. */
export type Placed = "listeners" | "upstreams" | "backends";

/** A place that something has left. */
export interface LeftPlace {
  readonly kind: Placed;
  readonly place: number;
}

/**
 * Who has which place in shared memory, from one configuration to the next: what stays itself keeps
 * its place, and with it its counters, its health and what is in flight.
 *
 * A listener or an upstream is itself by its name; a backend by its upstream, its name and its
 * address. A place that was left is given to another only once {@linkcode reclaim} says that nobody
 * works with it any more; who comes back before that gets his own again.
 */
export class PlaceBook {
  readonly shape: TableShape;
  readonly #shelves: Readonly<Record<Placed, Shelf>>;

  constructor(shape: TableShape) {
    this.shape = shape;
    this.#shelves = {
      listeners: new Shelf(shape.listeners),
      upstreams: new Shelf(shape.upstreams),
      backends: new Shelf(shape.backends),
    };
  }

  /**
   * Gives everything in a configuration its place; what is in it no more has left.
   *
   * @returns `undefined` when there is no room: then nothing has changed
   */
  assign(config: Config): Layout | undefined {
    const listeners = config.listeners.map(({ name }) => name);
    const upstreams = config.upstreams.map(({ name }) => name);
    const backends = config.upstreams.map((upstream) => {
      return upstream.backends.map(({ id, address }) => {
        return JSON.stringify([upstream.name, id, formatAddress(address)]);
      });
    });
    const wanted = { listeners, upstreams, backends: backends.flat() };
    const kinds = ["listeners", "upstreams", "backends"] as const;
    if (!kinds.every((kind) => this.#shelves[kind].hasRoom(wanted[kind]))) return undefined;
    for (const kind of kinds) this.#shelves[kind].fill(wanted[kind]);
    const placeOf = (kind: Placed) => (key: string) => this.#shelves[kind].placeOf(key);
    return {
      shape: this.shape,
      listeners: listeners.map(placeOf("listeners")),
      upstreams: upstreams.map(placeOf("upstreams")),
      backends: backends.map((keys) => keys.map(placeOf("backends"))),
    };
  }

  /** Makes places free that were left, where `isUnused` and after it says so. */
  reclaim(isUnused: (left: LeftPlace) => boolean): void {
    for (const kind of ["listeners", "upstreams", "backends"] as const) {
      this.#shelves[kind].reclaim((place) => isUnused({ kind, place }));
    }
  }
}

/** Places of one kind. */
class Shelf {
  readonly #size: number;
  readonly #places = new Map<string, number>();
  readonly #left = new Map<string, number>();
  readonly #free: number[] = [];
  /** Places from here on have never been given. */
  #next = 0;

  constructor(size: number) {
    this.#size = size;
  }

  hasRoom(keys: readonly string[]): boolean {
    const added = keys.filter((key) => !this.#places.has(key) && !this.#left.has(key)).length;
    return added <= this.#free.length + this.#size - this.#next;
  }

  fill(keys: readonly string[]): void {
    const stay = new Set(keys);
    for (const [key, place] of this.#places) {
      if (stay.has(key)) continue;
      this.#places.delete(key);
      this.#left.set(key, place);
    }
    for (const key of keys) this.#give(key);
  }

  placeOf(key: string): number {
    const place = this.#places.get(key);
    if (place === undefined) throw new RangeError(`Cannot place "${key}": it was not filled in`);
    return place;
  }

  reclaim(isUnused: (place: number) => boolean): void {
    for (const [key, place] of this.#left) {
      if (!isUnused(place)) continue;
      this.#left.delete(key);
      this.#free.push(place);
    }
  }

  #give(key: string): void {
    if (this.#places.has(key)) return;
    const own = this.#left.get(key);
    this.#left.delete(key);
    this.#places.set(key, own ?? this.#free.pop() ?? this.#next++);
  }
}
