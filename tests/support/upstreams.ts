import { ALGORITHMS, createBalancer } from "../../lib/balancer/registry.ts";
import { SharedTable } from "../../lib/core/shared_table.ts";
import { type Backend, type BackendSpec, RAMP_STEPS } from "../../lib/core/types.ts";
import { SharedBackend } from "../../lib/upstream/backend.ts";
import { BalancedUpstream, type UpstreamOptions } from "../../lib/upstream/upstream.ts";
import { seededOptions } from "./farm.ts";

/** What a test says of its upstream; the rest has defaults. */
export interface TestUpstreamOptions extends Partial<UpstreamOptions> {
  readonly algorithm?: string;
  /** Place of the upstream's cells in the table. */
  readonly index?: number;
}

/** An upstream named `app`, without servers; its clock stands unless told otherwise. */
export function emptyUpstream(
  table: SharedTable,
  { algorithm = "round_robin", index = 0, ...options }: TestUpstreamOptions = {},
): BalancedUpstream {
  const seeded = seededOptions();
  const now = options.now ?? seeded.now;
  const nextTurn = () => table.nextTurn(index);
  const basis = ALGORITHMS[algorithm]?.basis;
  // Backends count their weight in these steps.
  const balancerOptions = { ...seeded, nextTurn, now, weightUnit: RAMP_STEPS };
  return new BalancedUpstream("app", {
    createBalancer: () => createBalancer<Backend>(algorithm, balancerOptions),
    table,
    worker: 0,
    random: seeded.random,
    keyed: basis === "key" || basis === "network",
    slowStartMs: 0,
    now,
    ...options,
  });
}

/** An upstream with a table of its own, and a server for each spec. */
export function upstreamOf(
  specs: readonly BackendSpec[],
  options: TestUpstreamOptions = {},
): { upstream: BalancedUpstream; table: SharedTable; backends: Backend[] } {
  const table = SharedTable.create({
    workers: 2,
    backends: specs.length,
    upstreams: 1,
    listeners: 0,
  });
  const upstream = emptyUpstream(table, options);
  const backends = specs.map((spec, index) => new SharedBackend(spec, index, table));
  for (const backend of backends) upstream.addServer(backend);
  return { upstream, table, backends };
}

/** A server's spec: `b0`, weight 1, at a port of its own. */
export function specOf(index: number, spec: Partial<BackendSpec> = {}): BackendSpec {
  const address = { kind: "tcp", hostname: "127.0.0.1", port: 1 + index } as const;
  return { id: `b${index}`, address, weight: 1, ...spec };
}
