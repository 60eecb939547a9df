import { assertGreater, assertLessOrEqual } from "@std/assert";
import type { Balancer, BalancerOptions } from "../../lib/balancer/balancer.ts";
import type { Candidate } from "../../lib/core/types.ts";
import { seededRandom } from "./seeded_random.ts";

/** A server whose load the test sets. */
export class FakeServer implements Candidate {
  readonly id: string;
  weight: number;
  load = 0;

  constructor(id: string, weight = 1) {
    this.id = id;
    this.weight = weight;
  }
}

/** Servers named `s0`, `s1` … with the given weights. */
export function serversOf(weights: readonly number[]): FakeServer[] {
  return weights.map((weight, place) => new FakeServer(`s${place}`, weight));
}

/** `count` servers of weight 1. */
export function equalServers(count: number): FakeServer[] {
  return serversOf(Array.from({ length: count }, () => 1));
}

/** A sequence of turns that starts at `first`. */
export function turnsFrom(first: number): () => number {
  let turn = first;
  return () => turn++ >>> 0;
}

/** Options with a seeded random, turns from 0, a clock that stands and no delay of builds. */
export function seededOptions(seed = 1): BalancerOptions {
  return {
    random: seededRandom(seed),
    nextTurn: turnsFrom(0),
    now: () => 0,
    weightUnit: 1,
    defer: (work) => work(),
  };
}

/** Accepts every server. */
export const ANY = { key: 0, eligible: () => true };

/** Picks `count` times without any work being done; `-` where there was no server. */
export function pickIds(
  balancer: Balancer<FakeServer>,
  count: number,
  eligible: (server: FakeServer) => boolean = ANY.eligible,
): string[] {
  return Array.from({ length: count }, () => balancer.pick({ key: 0, eligible })?.id ?? "-");
}

/** How often each id occurs. */
export function tally(ids: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

/**
 * Servers at work: each pick is a piece of work that lasts for `inFlight` further picks, whatever
 * the server, so that an algorithm that goes by load has a steady one to go by.
 */
export class Farm {
  readonly counts = new Map<FakeServer, number>();
  readonly #balancer: Balancer<FakeServer>;
  readonly #inFlight: number;
  readonly #working: FakeServer[] = [];
  #key = 0;

  constructor(balancer: Balancer<FakeServer>, inFlight: number) {
    this.#balancer = balancer;
    this.#inFlight = inFlight;
  }

  /** Places `picks` pieces of work. */
  run(picks: number, eligible: (server: FakeServer) => boolean = ANY.eligible): void {
    for (let i = 0; i < picks; i++) this.step(eligible);
  }

  /** Places one piece of work and ends the oldest. */
  step(eligible: (server: FakeServer) => boolean = ANY.eligible): FakeServer | undefined {
    const server = this.#balancer.pick({ key: this.#nextKey(), eligible });
    if (server !== undefined) {
      this.counts.set(server, (this.counts.get(server) ?? 0) + 1);
      this.#change(server, 1);
      this.#working.push(server);
    }
    const done = this.#working.length > this.#inFlight ? this.#working.shift() : undefined;
    if (done !== undefined) this.#change(done, -1);
    return server;
  }

  countOf(server: FakeServer): number {
    return this.counts.get(server) ?? 0;
  }

  #change(server: FakeServer, by: 1 | -1): void {
    server.load += by;
    this.#balancer.loadChanged?.(server);
  }

  /** Clients come from everywhere: a new key each time (Weyl sequence). */
  #nextKey(): number {
    this.#key = (this.#key + 0x9e3779b9) >>> 0;
    return this.#key;
  }
}

/** A new balancer with `servers` in it. */
export function filled(
  create: () => Balancer<FakeServer>,
  servers: readonly FakeServer[],
): Balancer<FakeServer> {
  const balancer = create();
  for (const server of servers) balancer.add(server);
  return balancer;
}

/** Fails unless each server's part of the work is its weight's part, to `tolerance` of it. */
export function assertShares(
  farm: Farm,
  servers: readonly FakeServer[],
  tolerance: number,
): void {
  const picks = servers.reduce((sum, server) => sum + farm.countOf(server), 0);
  const total = servers.reduce((sum, server) => sum + server.weight, 0);
  assertGreater(picks, 0);
  for (const server of servers) {
    const fair = picks * server.weight / total;
    const off = Math.abs(farm.countOf(server) - fair);
    assertLessOrEqual(off, tolerance * fair, `${server.id}: ${farm.countOf(server)} of ${fair}`);
  }
}
