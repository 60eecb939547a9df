import type { Balancer, PickRequest } from "../lib/balancer/balancer.ts";
import { ALGORITHMS } from "../lib/balancer/registry.ts";
import type { Candidate } from "../lib/core/types.ts";

/** A server whose load the bench sets. */
interface Server extends Candidate {
  load: number;
}

const SIZES = [3, 100, 10_000];
const REQUEST: PickRequest = { key: 0, eligible: () => true };

for (const name of Object.keys(ALGORITHMS)) {
  for (const size of SIZES) {
    benchPick(name, createServers(size, () => 1));
    benchTurnover(name, createServers(size, () => 1));
  }
  benchPick(`${name}, unequal weights`, createServers(100, (index) => 1 + index % 7));
}

/** Choosing alone. */
function benchPick(name: string, servers: readonly Server[]): void {
  const balancer = createBalancer(name, servers);
  Deno.bench({
    name: `pick: ${name}, ${servers.length} backends`,
    group: `pick, ${servers.length} backends`,
    fn: () => void balancer.pick(REQUEST),
  });
}

/** Choosing, and the load going up on the chosen and down on the one chosen 64 picks ago. */
function benchTurnover(name: string, servers: readonly Server[]): void {
  const balancer = createBalancer(name, servers);
  const inFlight: (Server | undefined)[] = new Array(64).fill(undefined);
  let turn = 0;
  Deno.bench({
    name: `pick and load change: ${name}, ${servers.length} backends`,
    group: `pick and load change, ${servers.length} backends`,
    fn() {
      const place = turn++ % inFlight.length;
      changeLoad(balancer, inFlight[place], -1);
      const server = balancer.pick(REQUEST);
      changeLoad(balancer, server, 1);
      inFlight[place] = server;
    },
  });
}

function changeLoad(balancer: Balancer<Server>, server: Server | undefined, by: 1 | -1): void {
  if (server === undefined) return;
  server.load += by;
  balancer.loadChanged?.(server);
}

function createBalancer(name: string, servers: readonly Server[]): Balancer<Server> {
  const [algorithm = ""] = name.split(",");
  const factory = ALGORITHMS[algorithm];
  if (factory === undefined) throw new RangeError(`Cannot bench "${algorithm}": no such algorithm`);
  let turn = 0;
  const balancer = factory<Server>({ random: () => 0.5, nextTurn: () => turn++ });
  for (const server of servers) balancer.add(server);
  // Some build at the first pick; building has a bench of its own.
  balancer.pick(REQUEST);
  return balancer;
}

function createServers(count: number, weight: (index: number) => number): Server[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `server-${index}`,
    weight: weight(index),
    load: 0,
  }));
}
