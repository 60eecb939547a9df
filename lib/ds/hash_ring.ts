import { combine, hashText } from "./hash.ts";

/** Who has points on a {@linkcode HashRing}. */
export interface RingOwner {
  /** Decides, with a point's number, where the point is. */
  readonly id: string;
  /** What the ring calls it: 0 to 2^32 - 1. */
  readonly place: number;
  /** How many points it has; at least 1. */
  readonly pointCount: number;
}

/**
 * Points on a circle of 2^32 positions, each owned by one of several.
 *
 * An owner's points depend on its id and their number alone, so a ring with one owner more is the
 * same ring with points added. Where points share a position, the owner named first comes first.
 *
 * An index by the highest bits of the position leads to the right point or a few before it, which
 * costs two reads of memory where a binary search over a million points costs twenty.
 */
export class HashRing {
  /** Position and place of each point, in turn; by position. */
  readonly #points: Uint32Array;
  readonly #shift: number;
  /** For each value of the highest bits, the first point that has it or a higher one. */
  readonly #firsts: Uint32Array;

  /** @param owners in an order that decides ties */
  constructor(owners: readonly RingOwner[]) {
    const total = owners.reduce((sum, { pointCount }) => sum + pointCount, 0);
    const bits = Math.max(1, Math.ceil(Math.log2(Math.max(1, total) / POINTS_PER_BUCKET)));
    this.#points = new Uint32Array(2 * total);
    this.#shift = 32 - bits;
    this.#firsts = new Uint32Array(2 ** bits + 1);
    this.#fill(owners, this.#drawPositions(owners, total));
  }

  /** How many points there are. */
  get length(): number {
    return this.#points.length >> 1;
  }

  /** The first point at or after `position`, going round; 0 on an empty ring. */
  pointAt(position: number): number {
    const points = this.#points;
    let at = 2 * this.#firsts[position >>> this.#shift]!;
    while (at < points.length && points[at]! < position) at += 2;
    return at === points.length ? 0 : at >> 1;
  }

  /** Place of the owner of `point`, which must be below {@linkcode length}. */
  placeAt(point: number): number {
    return this.#points[2 * point + 1]!;
  }

  /** Where each point is, owner by owner; counts how many belong into each bucket. */
  #drawPositions(owners: readonly RingOwner[], total: number): Uint32Array {
    const positions = new Uint32Array(total);
    let drawn = 0;
    for (const { id, pointCount } of owners) {
      // Two hashes: among 10,000 ids, two that agree in one of 32 bits are no surprise.
      const first = hashText(id, FIRST_SEED);
      const second = hashText(id, SECOND_SEED);
      for (let number = 0; number < pointCount; number++) {
        const position = combine(combine(first, number), second);
        positions[drawn++] = position;
        this.#firsts[(position >>> this.#shift) + 1]!++;
      }
    }
    return positions;
  }

  /** Sorts by bucket, and within the buckets by insertion: they hold a handful each. */
  #fill(owners: readonly RingOwner[], positions: Uint32Array): void {
    const firsts = this.#firsts;
    for (let bucket = 1; bucket < firsts.length; bucket++) firsts[bucket]! += firsts[bucket - 1]!;
    const ends = firsts.slice(0, -1);
    let drawn = 0;
    for (const { place, pointCount } of owners) {
      for (let number = 0; number < pointCount; number++) {
        const position = positions[drawn++]!;
        const bucket = position >>> this.#shift;
        this.#insert(position, place, firsts[bucket]!, ends[bucket]!++);
      }
    }
  }

  /** Puts a point among those from `first` to `end`, of which it becomes one. */
  #insert(position: number, place: number, first: number, end: number): void {
    const points = this.#points;
    let at = 2 * end;
    for (; at > 2 * first && position < points[at - 2]!; at -= 2) {
      points[at] = points[at - 2]!;
      points[at + 1] = points[at - 1]!;
    }
    points[at] = position;
    points[at + 1] = place;
  }
}

/** As many as one cache line holds half of; fewer make the index larger than the points. */
const POINTS_PER_BUCKET = 4;

const FIRST_SEED = 0;
const SECOND_SEED = 1;
