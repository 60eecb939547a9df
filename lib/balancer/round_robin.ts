import type { Candidate } from "../core/types.ts";
import { ArrivalOrder } from "../ds/arrival_order.ts";
import { WeightLine } from "../ds/weight_line.ts";
import type { Balancer, BalancerOptions, PickRequest } from "./balancer.ts";

/** Which turn belongs to whom. */
export interface TurnOrder {
  /** Index of the owner of the turn, a whole number below 2^32. */
  at(turn: number): number;
}

/**
 * Each server in its turn, as often as its weight says.
 *
 * All workers draw turns from one sequence, so over any cycle of Σ weight turns each server gets
 * exactly its weight, whichever threads the connections land on. Unless told otherwise, turns of
 * servers of unequal weight are spread by {@linkcode WeightLine}.
 */
export class RoundRobin<T extends Candidate> implements Balancer<T> {
  readonly #nextTurn: () => number;
  readonly #arrange: (weights: readonly number[]) => TurnOrder;
  /** In order of arrival, so that threads give the same turn to the same server. */
  readonly #members = new ArrivalOrder<T>();
  /** Built at the first pick after a change; `undefined` means "build it". */
  #order: TurnOrder | undefined;
  #leftoverTurns = 0;

  /** @param arrange gives servers of these weights, at least one, their turns */
  constructor(
    options: Pick<BalancerOptions, "nextTurn">,
    arrange: (weights: readonly number[]) => TurnOrder = layInLine,
  ) {
    this.#nextTurn = options.nextTurn;
    this.#arrange = arrange;
  }

  add(candidate: T): void {
    if (this.#members.add(candidate)) this.#order = undefined;
  }

  remove(candidate: T): void {
    if (this.#members.delete(candidate)) this.#order = undefined;
  }

  weightChanged(candidate: T): void {
    if (this.#members.has(candidate)) this.#order = undefined;
  }

  pick(request: PickRequest<T>): T | undefined {
    const members = this.#members.items;
    if (members.length === 0) return undefined;
    const order = this.#order ??= this.#arrange(members.map(weightOf));
    // A refused server costs its turn, not its neighbour's: the others stay even among themselves.
    for (let draws = 0; draws < members.length; draws++) {
      const candidate = members[order.at(this.#nextTurn())];
      if (candidate !== undefined && request.eligible(candidate)) return candidate;
    }
    return this.#pickLeftover(members, request);
  }

  /**
   * All turns drawn were those of refused servers: of one that has most of the weight, or other
   * threads drew the rest. Those left take turns of their own, or the first of them got everything.
   */
  #pickLeftover(members: readonly T[], request: PickRequest<T>): T | undefined {
    const left = members.filter((candidate) => request.eligible(candidate));
    if (left.length === 0) return undefined;
    return left[new WeightLine(left.map(weightOf)).at(this.#leftoverTurns++)];
  }
}

function layInLine(weights: readonly number[]): TurnOrder {
  return new WeightLine(weights);
}

function weightOf(candidate: Candidate): number {
  return candidate.weight;
}
