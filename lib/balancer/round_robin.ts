import type { Candidate } from "../core/types.ts";
import { firstAbove, gcd, runningSums } from "../ds/weight_sums.ts";
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
  readonly #members = new Set<T>();
  /**
   * Order of first arrival, kept while a server is away: threads that saw servers come and go in
   * another order, or not at all, still give the same turn to the same server.
   */
  readonly #ranks = new WeakMap<T, number>();
  #arrivals = 0;
  /** Built at the first pick after a change; `undefined` means "build it". */
  #line: WeightLine<T> | undefined;
  #leftoverTurns = 0;

  constructor(options: Pick<BalancerOptions, "nextTurn">) {
    this.#nextTurn = options.nextTurn;
  }

  add(candidate: T): void {
    if (this.#members.has(candidate)) return;
    if (!this.#ranks.has(candidate)) this.#ranks.set(candidate, this.#arrivals++);
    this.#members.add(candidate);
    this.#line = undefined;
  }

  remove(candidate: T): void {
    if (this.#members.delete(candidate)) this.#line = undefined;
  }

  pick(request: PickRequest<T>): T | undefined {
    const count = this.#members.size;
    if (count === 0) return undefined;
    const line = this.#line ??= new WeightLine(this.#inOrder());
    // A refused server costs its turn, not its neighbour's: the others stay even among themselves.
    for (let draws = 0; draws < count; draws++) {
      const candidate = line.owner(this.#nextTurn());
      if (candidate !== undefined && request.eligible(candidate)) return candidate;
    }
    return this.#pickLeftover(line, request);
  }

  /**
   * All turns drawn were those of refused servers: of one that has most of the weight, or other
   * threads drew the rest. Those left take turns of their own, or the first of them got everything.
   */
  #pickLeftover(line: WeightLine<T>, request: PickRequest<T>): T | undefined {
    const left = line.members.filter((candidate) => request.eligible(candidate));
    return left.length === 0 ? undefined : new WeightLine(left).owner(this.#leftoverTurns++);
  }

  #inOrder(): T[] {
    const rankOf = (candidate: T) => this.#ranks.get(candidate) ?? 0;
    return [...this.#members].sort((a, b) => rankOf(a) - rankOf(b));
  }
}

/** Servers laid end to end, each as long as its weight. */
class WeightLine<T extends Candidate> {
  /** At least one. */
  readonly members: readonly T[];
  /** Where each server's stretch ends; absent when all weights are equal. */
  readonly #ends: Float64Array | undefined;
  readonly #length: number;
  readonly #stride: number;

  constructor(members: readonly T[]) {
    this.members = members;
    const first = members[0]?.weight;
    if (members.every((member) => member.weight === first)) {
      this.#length = members.length;
      this.#stride = 1;
      return;
    }
    this.#ends = runningSums(wholeWeights(members));
    this.#length = this.#ends[this.#ends.length - 1] ?? 0;
    this.#stride = evenStride(this.#length);
  }

  /** Which server the turn belongs to. */
  owner(turn: number): T | undefined {
    if (this.#ends === undefined) return this.members[turn % this.#length];
    const point = ((turn % this.#length) * this.#stride) % this.#length;
    return this.members[firstAbove(this.#ends, point)];
  }
}

const GOLDEN_SECTION = 0.6180339887498949;
/** How far from the golden section a stride may be: 65 neighbours hold several coprimes to 2^26. */
const STRIDE_REACH = 32;

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

/**
 * The stride near the golden section that leaves no server idle for long. Being near is not enough:
 * the gaps grow with the terms of the continued fraction of stride / length, which for the golden
 * section itself are all 1. Without the choice a server may wait 14 times its fair gap; with it 2.4.
 */
function evenStride(length: number): number {
  const golden = Math.round(length * GOLDEN_SECTION);
  let best = 1;
  let bestTerm = Infinity;
  const last = Math.min(length - 1, golden + STRIDE_REACH);
  for (let stride = Math.max(1, golden - STRIDE_REACH); stride <= last; stride++) {
    const term = largestTerm(stride, length);
    if (term >= bestTerm) continue;
    best = stride;
    bestTerm = term;
  }
  return best;
}

/** Largest term of the continued fraction of `a / b`; infinite when they have a common divisor. */
function largestTerm(a: number, b: number): number {
  let largest = 0;
  while (a !== 0) {
    largest = Math.max(largest, Math.floor(b / a));
    [a, b] = [b % a, a];
  }
  return b === 1 ? largest : Infinity;
}
