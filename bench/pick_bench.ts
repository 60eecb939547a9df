import type { Balancer, PickRequest } from "../lib/balancer/balancer.ts";
import { ALGORITHMS, createBalancer } from "../lib/balancer/registry.ts";
import { SharedTable } from "../lib/core/shared_table.ts";
import { SharedBackend } from "../lib/upstream/backend.ts";
import { seededOptions } from "../tests/support/farm.ts";

/** Servers whose loads and turns are in shared memory, as they are in a running Weir. */
interface Farm {
  readonly table: SharedTable;
  readonly servers: readonly SharedBackend[];
}

const SIZES = [3, 100, 10_000];
const REQUEST: PickRequest = { key: 0, eligible: () => true };

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
  Deno.bench({
    name: `pick: ${name}, ${farm.servers.length} backends`,
    group: `pick, ${farm.servers.length} backends`,
    fn: () => void balancer.pick(REQUEST),
  });
}

/** Choosing, and the load going up on the chosen and down on the one chosen 64 picks ago. */
function benchTurnover(name: string, farm: Farm): void {
  const balancer = fill(name, farm);
  const inFlight: (SharedBackend | undefined)[] = new Array(64).fill(undefined);
  let turn = 0;
  Deno.bench({
    name: `pick and load change: ${name}, ${farm.servers.length} backends`,
    group: `pick and load change, ${farm.servers.length} backends`,
    fn() {
      const place = turn++ % inFlight.length;
      changeLoad(farm.table, balancer, inFlight[place], -1);
      const server = balancer.pick(REQUEST);
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
  const nextTurn = () => table.nextTurn(0);
  const balancer = createBalancer<SharedBackend>(algorithm, { ...seededOptions(), nextTurn });
  for (const server of servers) balancer.add(server);
  // Some build at the first pick; building has a bench of its own.
  balancer.pick(REQUEST);
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
