import type { Balancer, PickRequest } from "../lib/balancer/balancer.ts";
import { ALGORITHMS, createBalancer } from "../lib/balancer/registry.ts";
import { SharedTable } from "../lib/core/shared_table.ts";
import { RAMP_STEPS } from "../lib/core/types.ts";
import { SharedBackend } from "../lib/upstream/backend.ts";
import { usualWeight } from "../lib/upstream/usual_weight.ts";
import { seededOptions } from "../tests/support/farm.ts";

/**
 * Clients from everywhere, one after the other, in one object. They come again after `KEY_COUNT`
 * picks: what an algorithm remembers by key is measured as it is once it is remembered.
 */
class Clients implements PickRequest {
  key = 0;
  #number = 0;

  eligible(): boolean {
    return true;
  }

  /** The request of the next one (Weyl sequence). */
  next(): this {
    this.#number = (this.#number + 1) % KEY_COUNT;
    this.key = Math.imul(this.#number, 0x9e3779b9) >>> 0;
    return this;
  }
}

/** Servers whose loads and turns are in shared memory, as they are in a running Weir. */
interface Farm {
  readonly table: SharedTable;
  readonly servers: readonly SharedBackend[];
}

const SIZES = [3, 100, 10_000];
const KEY_COUNT = 2 ** 16;

for (const name of Object.keys(ALGORITHMS)) {
  for (const size of SIZES) {
    benchPick(name, createFarm(size, () => 1));
    benchTurnover(name, createFarm(size, () => 1));
  }
  benchPick(`${name}, unequal weights`, createFarm(100, (index) => 1 + index % 7));
}

/** Choosing alone. */
function benchPick(name: string, farm: Farm): void {
  const balancer = fill(name, farm);
  const clients = new Clients();
  Deno.bench({
    name: `pick: ${name}, ${farm.servers.length} backends`,
    group: `pick, ${farm.servers.length} backends`,
    fn: () => void balancer.pick(clients.next()),
  });
}

/** Choosing, and the load going up on the chosen and down on the one chosen 64 picks ago. */
function benchTurnover(name: string, farm: Farm): void {
  const balancer = fill(name, farm);
  const clients = new Clients();
  const inFlight: (SharedBackend | undefined)[] = new Array(64).fill(undefined);
  let turn = 0;
  Deno.bench({
    name: `pick and load change: ${name}, ${farm.servers.length} backends`,
    group: `pick and load change, ${farm.servers.length} backends`,
    fn() {
      const place = turn++ % inFlight.length;
      changeLoad(farm.table, balancer, inFlight[place], -1);
      const server = balancer.pick(clients.next());
      changeLoad(farm.table, balancer, server, 1);
      inFlight[place] = server;
    },
  });
}

function changeLoad(
  table: SharedTable,
  balancer: Balancer<SharedBackend>,
  server: SharedBackend | undefined,
  by: 1 | -1,
): void {
  if (server === undefined) return;
  table.addInFlight(0, server.index, by);
  balancer.loadChanged?.(server);
}

function fill(name: string, { table, servers }: Farm): Balancer<SharedBackend> {
  const [algorithm = ""] = name.split(",");
  const balancer = createBalancer<SharedBackend>(algorithm, {
    ...seededOptions(),
    nextTurn: () => table.nextTurn(0),
    // As in a running Weir, or a ring would have twenty times its points.
    weightUnit: usualWeight(servers.map(({ spec }) => spec)) * RAMP_STEPS,
  });
  for (const server of servers) balancer.add(server);
  // Some build at the first pick; building has a bench of its own.
  const clients = new Clients();
  for (let pick = 0; pick < KEY_COUNT; pick++) balancer.pick(clients.next());
  return balancer;
}

function createFarm(count: number, weight: (index: number) => number): Farm {
  const table = SharedTable.create({ workers: 2, backends: count, upstreams: 1, listeners: 1 });
  const address = { kind: "tcp", hostname: "127.0.0.1", port: 80 } as const;
  const servers = Array.from({ length: count }, (_, index) => {
    const spec = { id: `server-${index}`, address, weight: weight(index) };
    return new SharedBackend(spec, index, table);
  });
  return { table, servers };
}
