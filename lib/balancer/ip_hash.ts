import { NETWORK_KEYS } from "../core/network_key.ts";
import type { Candidate } from "../core/types.ts";
import { combine, mix32 } from "../ds/hash.ts";
import { Roster } from "../ds/roster.ts";
import { firstAbove, gcd, runningSums } from "../ds/weight_sums.ts";
import type { Balancer, BalancerOptions, PickRequest } from "./balancer.ts";
import { RoundRobin } from "./round_robin.ts";

/**
 * The server that the key modulo Σ weight falls on, the servers laid end to end (NGINX `ip_hash`).
 *
 * A server that is taken out keeps its stretch of the line, so that health moves its own keys alone;
 * a new server or weight moves nearly all. A key that falls on a server that is gone or refused tries
 * up to {@linkcode MAX_RETRIES} places more and then goes by {@linkcode RoundRobin}, without affinity.
 *
 * Unlike NGINX:
 * - Servers are in the order of their ids and not of the configuration, which is the same in every
 *   thread whatever it has seen come and go.
 * - Weights are in lowest terms. NGINX has {@linkcode NETWORK_KEYS} keys only, and with a greater
 *   Σ weight its last servers get nothing. Where Σ weight is more than an eighth of that, keys are
 *   mixed first, which is uneven by chance (one in the square root of a server's keys) but by no more.
 * - NGINX goes on hashing the address for further tries. The address is not known here: further tries
 *   are derived from the key.
 *
 * With thousands of servers the networks are too few for an even share, and some get none.
 */
export class IpHash<T extends Candidate> implements Balancer<T> {
  readonly #roster = new Roster<T>();
  readonly #leftover: RoundRobin<T>;
  /** Built at the first pick after a change; `undefined` means "build it". */
  #line: Line | undefined;

  constructor(options: Pick<BalancerOptions, "nextTurn">) {
    this.#leftover = new RoundRobin(options);
  }

  add(candidate: T): void {
    const arrival = this.#roster.add(candidate);
    if (arrival === "here") return;
    this.#leftover.add(candidate);
    if (arrival !== "back") this.#line = undefined;
  }

  remove(candidate: T): void {
    this.#roster.remove(candidate);
    this.#leftover.remove(candidate);
  }

  weightChanged(candidate: T): void {
    if (!this.#roster.reweigh(candidate)) return;
    this.#line = undefined;
    this.#leftover.weightChanged(candidate);
  }

  pick(request: PickRequest<T>): T | undefined {
    if (this.#roster.size === 0) return undefined;
    const line = this.#line ??= this.#build();
    const { present } = this.#roster;
    const key = line.mixes ? mix32(request.key) : request.key >>> 0;
    for (let attempt = 0; attempt <= MAX_RETRIES; attempt++) {
      const point = (attempt === 0 ? key : combine(key, attempt)) % line.length;
      const server = present[line.places[firstAbove(line.ends, point)]!];
      if (server !== undefined && request.eligible(server)) return server;
    }
    return this.#leftover.pick(request);
  }

  #build(): Line {
    this.#roster.forgetLongAway();
    const places = this.#roster.placesById();
    const weights = places.map((place) => this.#roster.weights[place]!);
    const divisor = weights.reduce(gcd, 0);
    const ends = runningSums(weights.map((weight) => weight / divisor));
    const length = ends[ends.length - 1]!;
    return { places, ends, length, mixes: length > NETWORK_KEYS / FEWEST_LAPS };
  }
}

/** Servers laid end to end, each as long as its weight. */
interface Line {
  readonly places: readonly number[];
  /** Where the stretch of each place ends. */
  readonly ends: Float64Array;
  readonly length: number;
  /** Whether keys are mixed before they are mapped. */
  readonly mixes: boolean;
}

/** As many as in NGINX. */
const MAX_RETRIES = 20;

/** How often the keys must go round the line, so that one lap more or less is an eighth at most. */
const FEWEST_LAPS = 8;
