import type { Candidate } from "../core/types.ts";
import { combine, hashText, mix32 } from "../ds/hash.ts";
import { Roster } from "../ds/roster.ts";
import type { Balancer, PickRequest } from "./balancer.ts";

/**
 * The server that scores highest for the key (rendezvous hashing, Thaler and Ravishankar 1998), with
 * the weighted score `-weight / ln(u)` of Schindelhauer and Schomaker (2005), u uniform in (0, 1).
 *
 * Servers that come, go or change their weight move exactly the keys they must. Scoring all servers
 * for each pick would cost microseconds, so keys are reduced to slots, by their highest bits, and the
 * winner of a slot is remembered: 2^16 slots while up to {@linkcode FEW_SERVERS} servers are known,
 * 2^20 with more. Passing that one border moves nearly all keys; nothing else does. The share of a
 * server is off by about one in the square root of its slots: 4 % with 100 servers, 10 % with 10,000.
 *
 * What it costs: a pick is two reads for a slot whose winner is known. The first pick from a slot
 * scores all servers, about 3 ns each; so does one whose winner went, lost weight or is refused. A
 * server that comes is compared with the winner alone, when the slot is asked next. Memory is 512 KiB,
 * 8 MiB with 2^20 slots. The key has to be a good hash.
 */
export class Rendezvous<T extends Candidate> implements Balancer<T> {
  readonly #roster = new Roster<T>();
  /** Two hashes of the id by place: among 10,000 ids, two may well agree in one of 32 bits. */
  #seeds = new Uint32Array(0);
  /** By place; 0 for those away, who score nothing. */
  #weights = new Float64Array(0);
  /** By place: the change at which it became another server, or one of another weight. */
  #renewedAt = new Uint32Array(0);
  /** Of each slot: place of the winner plus one, or 0; and the last change that it has stood. */
  #slots = new Uint32Array(2 * 2 ** FEW_SLOT_BITS);
  #shift = 32 - FEW_SLOT_BITS;
  /** Counts servers that came, came back or changed their weight. */
  #changes = 0;
  /** Places of the last of these. */
  readonly #log = new Uint32Array(LOG_LENGTH);

  add(candidate: T): void {
    const arrival = this.#roster.add(candidate);
    if (arrival === "here") return;
    const place = this.#roster.placeOf(candidate)!;
    if (arrival === "new") this.#settle(candidate, place);
    this.#weights[place] = candidate.weight;
    this.#noteChange(place);
    if (arrival !== "back") this.#renewedAt[place] = this.#changes;
  }

  remove(candidate: T): void {
    if (this.#roster.remove(candidate)) this.#weights[this.#roster.placeOf(candidate)!] = 0;
  }

  weightChanged(candidate: T): void {
    if (!this.#roster.reweigh(candidate)) return;
    const place = this.#roster.placeOf(candidate)!;
    this.#weights[place] = candidate.weight;
    this.#noteChange(place);
    this.#renewedAt[place] = this.#changes;
  }

  pick(request: PickRequest<T>): T | undefined {
    if (this.#roster.size === 0) return undefined;
    const { present } = this.#roster;
    const slot = request.key >>> this.#shift;
    const server = this.#remembered(slot) ?? present[this.#examine(slot)];
    if (server === undefined || request.eligible(server)) return server;
    const second = this.#findBest(slot, request);
    return second < 0 ? undefined : present[second];
  }

  /** Who wins the slot, if nothing has changed since that was found out. */
  #remembered(slot: number): T | undefined {
    const winner = this.#slots[2 * slot]!;
    if (winner === 0 || this.#slots[2 * slot + 1] !== this.#changes) return undefined;
    return this.#roster.present[winner - 1];
  }

  /** Finds out who wins a slot after what has changed, and remembers it. Somebody must be here. */
  #examine(slot: number): number {
    const slots = this.#slots;
    const winner = slots[2 * slot]! - 1;
    const stood = slots[2 * slot + 1]!;
    let best: number;
    if (this.#isOutdated(winner, stood)) best = this.#findBest(slot, undefined);
    else best = this.#challenge(slot, winner, stood);
    slots[2 * slot] = best + 1;
    slots[2 * slot + 1] = this.#changes;
    return best;
  }

  /** True when the winner cannot be had from the one before and the log. */
  #isOutdated(winner: number, stood: number): boolean {
    return winner < 0 || this.#weights[winner] === 0 || this.#renewedAt[winner]! > stood ||
      this.#changes - stood > Math.min(LOG_LENGTH, this.#roster.size);
  }

  /** The winner against all that came since it won. */
  #challenge(slot: number, winner: number, stood: number): number {
    const mixed = mix32(slot);
    let best = winner;
    let bestScore = this.#score(mixed, winner);
    for (let change = stood + 1; change <= this.#changes; change++) {
      const place = this.#log[change % LOG_LENGTH]!;
      const score = this.#score(mixed, place);
      if (!this.#beats(score, place, bestScore, best)) continue;
      best = place;
      bestScore = score;
    }
    return best;
  }

  /** Place of the highest score, of those eligible if a request is given; -1 when there is none. */
  #findBest(slot: number, request: PickRequest<T> | undefined): number {
    const weights = this.#weights;
    const { present } = this.#roster;
    const mixed = mix32(slot);
    let best = -1;
    let bestScore = 0;
    for (let place = 0; place < present.length; place++) {
      const weight = weights[place]!;
      const uniform = this.#uniform(mixed, place);
      // -ln(u) is above 1 - u, so this one cannot score more; it saves nearly all logarithms.
      if (weight <= bestScore * (1 - uniform)) continue;
      const score = -weight / Math.log(uniform);
      if (!this.#beats(score, place, bestScore, best)) continue;
      const server = present[place];
      if (server === undefined || request?.eligible(server) === false) continue;
      best = place;
      bestScore = score;
    }
    return best;
  }

  /** Ties go by id, as places depend on who came first. */
  #beats(score: number, place: number, bestScore: number, best: number): boolean {
    if (score !== bestScore) return score > bestScore;
    const { ids } = this.#roster;
    return best < 0 || ids[place]! < ids[best]!;
  }

  #score(mixed: number, place: number): number {
    return -this.#weights[place]! / Math.log(this.#uniform(mixed, place));
  }

  /** Above 0 and below 1, by chance as it were, for a slot and a server. */
  #uniform(mixed: number, place: number): number {
    const hash = combine(mixed ^ this.#seeds[2 * place]!, this.#seeds[2 * place + 1]!);
    return (hash + 0.5) / 2 ** 32;
  }

  #settle(candidate: T, place: number): void {
    if (place >= this.#weights.length) this.#grow(2 * place + 16);
    this.#seeds[2 * place] = hashText(candidate.id, FIRST_SEED);
    this.#seeds[2 * place + 1] = hashText(candidate.id, SECOND_SEED);
    this.#roster.forgetLongAway();
    this.#resizeSlots();
  }

  #grow(places: number): void {
    this.#seeds = copyInto(new Uint32Array(2 * places), this.#seeds);
    this.#weights = copyInto(new Float64Array(places), this.#weights);
    this.#renewedAt = copyInto(new Uint32Array(places), this.#renewedAt);
  }

  #resizeSlots(): void {
    const bits = this.#roster.knownCount > FEW_SERVERS ? MANY_SLOT_BITS : FEW_SLOT_BITS;
    if (this.#shift === 32 - bits) return;
    this.#slots = new Uint32Array(2 * 2 ** bits);
    this.#shift = 32 - bits;
  }

  #noteChange(place: number): void {
    this.#changes++;
    this.#log[this.#changes % LOG_LENGTH] = place;
  }
}

/** 512 slots a server, at least, up to here. */
const FEW_SERVERS = 128;
const FEW_SLOT_BITS = 16;
const MANY_SLOT_BITS = 20;

/** A slot that missed more changes than this, or than there are servers, scores all servers. */
const LOG_LENGTH = 256;

const FIRST_SEED = 0;
const SECOND_SEED = 1;

function copyInto<A extends Uint32Array | Float64Array>(target: A, source: A): A {
  target.set(source);
  return target;
}
