import { CODES } from "./codes.ts";
import { HISTOGRAM_CELLS } from "./histogram.ts";
import { REASONS, RETRY_REASONS } from "./reasons.ts";

/** A listener that can send work to an upstream, by their places. */
export interface Link {
  readonly listener: number;
  readonly upstream: number;
}

/** What there is to count for, by places in the shared table. */
export interface MetricShape {
  readonly workers: number;
  readonly listeners: readonly number[];
  readonly upstreams: readonly { readonly place: number; readonly backends: readonly number[] }[];
  readonly links: readonly Link[];
}

/** Where the cells of what is counted begin, the same in every thread: plain data. */
export interface MetricPlan {
  readonly listeners: readonly Place[];
  readonly upstreams: readonly (Place & { readonly backends: readonly number[] })[];
  /** `rows`: the answers of each backend. */
  readonly links: readonly (Link & { readonly at: number; readonly rows: readonly Place[] })[];
}

/** Where the cells of one thing begin. */
export interface Place {
  readonly place: number;
  readonly at: number;
}

/** Where a listener's cells begin, relative to its first. */
export const LISTENER_PLACES = {
  received: 0,
  sent: 1,
  reasons: 2,
  /** Answers of Weir's own to requests that were for no upstream. */
  codes: 2 + REASONS.length,
} as const;
/** The same for an upstream. */
export const UPSTREAM_PLACES = { connect: 0, wait: HISTOGRAM_CELLS } as const;
/** The same for a link; `codes` are the answers of Weir's own. */
export const LINK_PLACES = {
  duration: 0,
  retries: HISTOGRAM_CELLS,
  codes: HISTOGRAM_CELLS + RETRY_REASONS.length,
} as const;

const LISTENER_CELLS = LISTENER_PLACES.codes + CODES.length;
const UPSTREAM_CELLS = 2 * HISTOGRAM_CELLS;
const LINK_CELLS = LINK_PLACES.codes + CODES.length;
const ROW_CELLS = CODES.length;
/** Threads that write to one line of the cache would wait for each other: 128 bytes, in doubles. */
const LINE_CELLS = 16;

/** Cells of one thread that a shape needs, rounded up to whole lines of the cache. */
export function cellsFor({ listeners, upstreams, links }: MetricShape): number {
  const members = new Map(upstreams.map(({ place, backends }) => [place, backends.length]));
  const rows = links.reduce((sum, { upstream }) => sum + (members.get(upstream) ?? 0), 0);
  const cells = listeners.length * LISTENER_CELLS + upstreams.length * UPSTREAM_CELLS +
    links.length * LINK_CELLS + rows * ROW_CELLS;
  return Math.max(1, Math.ceil(cells / LINE_CELLS)) * LINE_CELLS;
}

/** Cells of one thread, in a row. */
export interface CellRange {
  readonly at: number;
  readonly length: number;
}

/** The places that cells belong to. */
interface Owners {
  readonly listeners?: number;
  readonly upstreams?: number;
  readonly backends?: number;
}

/**
 * Who has which cells, from one shape to the next: what stays keeps its cells, and its counts. Cells
 * belong to places, and go with them to whoever has the place next.
 */
export class MetricBook {
  readonly #cells: number;
  readonly #known = new Map<string, CellRange & { readonly owners: Owners }>();
  #next = 0;

  /** @param cells of one thread */
  constructor(cells: number) {
    this.#cells = cells;
  }

  /** @returns `undefined` when there is no room */
  assign({ listeners, upstreams, links }: MetricShape): MetricPlan | undefined {
    const members = new Map(upstreams.map(({ place, backends }) => [place, backends]));
    const plan = {
      listeners: listeners.map((place) => ({
        place,
        at: this.#at(LISTENER_CELLS, { listeners: place }),
      })),
      upstreams: upstreams.map(({ place, backends }) => {
        return { place, backends, at: this.#at(UPSTREAM_CELLS, { upstreams: place }) };
      }),
      links: links.map(({ listener, upstream }) => ({
        listener,
        upstream,
        at: this.#at(LINK_CELLS, { listeners: listener, upstreams: upstream }),
        rows: (members.get(upstream) ?? []).map((place) => {
          const owners = { listeners: listener, upstreams: upstream, backends: place };
          return { place, at: this.#at(ROW_CELLS, owners) };
        }),
      })),
    };
    return this.#next <= this.#cells ? plan : undefined;
  }

  /** The cells that belong to a place, with those of everything that goes to it or comes from it. */
  cellsOf(kind: "listeners" | "upstreams" | "backends", place: number): CellRange[] {
    return [...this.#known.values()].filter(({ owners }) => owners[kind] === place);
  }

  #at(length: number, owners: Owners): number {
    const { listeners = "", upstreams = "", backends = "" } = owners;
    const key = `${listeners}:${upstreams}:${backends}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known.at;
    const at = this.#next;
    this.#next += length;
    this.#known.set(key, { at, length, owners });
    return at;
  }
}
