import type { Candidate } from "../core/types.ts";
import type { Balancer, BalancerOptions, PickRequest } from "./balancer.ts";

/**
 * Each server in its turn, as often as its weight says.
 *
 * All workers draw turns from one sequence, so over any cycle of Σ weight turns each server gets
 * exactly its weight, whichever threads the connections land on. With unequal weights, turn `t` goes
 * to the server that owns point `t × stride mod Σ weight` of the line on which server i owns weight(i)
 * points; a stride near the golden section and coprime to Σ weight visits every point once a cycle
 * and spreads each server's turns evenly (Knuth, The Art of Computer Programming 3, section 6.4).
 */
export class RoundRobin<T extends Candidate> implements Balancer<T> {
  readonly #nextTurn: () => number;
  readonly #members: T[] = [];
  readonly #places = new Map<T, number>();
  /** Built at the first pick after a change; `undefined` means "build it". */
  #line: WeightLine | undefined;

  constructor(options: Pick<BalancerOptions, "nextTurn">) {
    this.#nextTurn = options.nextTurn;
  }

  add(candidate: T): void {
    if (this.#places.has(candidate)) return;
    this.#places.set(candidate, this.#members.length);
    this.#members.push(candidate);
    this.#line = undefined;
  }

  remove(candidate: T): void {
    const place = this.#places.get(candidate);
    if (place === undefined) return;
    this.#places.delete(candidate);
    const last = this.#members.pop();
    if (last !== undefined && last !== candidate) {
      this.#members[place] = last;
      this.#places.set(last, place);
    }
    this.#line = undefined;
  }

  pick(request: PickRequest<T>): T | undefined {
    const count = this.#members.length;
    if (count === 0) return undefined;
    this.#line ??= new WeightLine(this.#members);
    // A refused server costs its turn, not its neighbour's: the others stay even among themselves.
    for (let draws = 0; draws < count; draws++) {
      const candidate = this.#members[this.#line.owner(this.#nextTurn())];
      if (candidate !== undefined && request.eligible(candidate)) return candidate;
    }
    // Other threads may have drawn the turns of the one that is left.
    return this.#members.find((candidate) => request.eligible(candidate));
  }
}

/** The servers laid end to end, each as long as its weight. */
class WeightLine {
  readonly #count: number;
  /** Where each server's stretch ends; absent when all weights are equal. */
  readonly #ends: Float64Array | undefined;
  readonly #length: number;
  readonly #stride: number;

  constructor(members: readonly Candidate[]) {
    this.#count = members.length;
    const first = members[0]?.weight;
    if (members.every((member) => member.weight === first)) {
      this.#length = members.length;
      this.#stride = 1;
      return;
    }
    this.#ends = runningSums(wholeWeights(members));
    this.#length = this.#ends[this.#ends.length - 1] ?? 0;
    this.#stride = coprimeNear(this.#length * GOLDEN_SECTION, this.#length);
  }

  /** Which server the turn belongs to. */
  owner(turn: number): number {
    if (this.#ends === undefined) return turn % this.#count;
    const point = ((turn % this.#length) * this.#stride) % this.#length;
    return firstAbove(this.#ends, point);
  }
}

const GOLDEN_SECTION = 0.6180339887498949;

/** Longest line whose square is exact in a double: 2^26 points. */
const MAX_POINTS = 2 ** 26;

/** The weights in lowest terms, and scaled down when the line would get too long. */
function wholeWeights(members: readonly Candidate[]): number[] {
  const divisor = members.reduce((soFar, member) => gcd(soFar, member.weight), 0);
  const weights = members.map((member) => member.weight / divisor);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total <= MAX_POINTS) return weights;
  const scale = (MAX_POINTS - members.length) / total;
  return weights.map((weight) => Math.max(1, Math.floor(weight * scale)));
}

function runningSums(weights: readonly number[]): Float64Array {
  let sum = 0;
  return Float64Array.from(weights, (weight) => sum += weight);
}

function coprimeNear(wanted: number, length: number): number {
  let stride = Math.max(1, Math.round(wanted));
  while (gcd(stride, length) !== 1) stride++;
  return stride;
}

function gcd(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

/** Index of the first end above `point`. */
function firstAbove(ends: Float64Array, point: number): number {
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ends[middle] ?? 0) > point) high = middle;
    else low = middle + 1;
  }
  return low;
}
