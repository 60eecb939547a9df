import type { Balancer, BalancerOptions } from "../lib/balancer/balancer.ts";
import { ALGORITHMS, createBalancer } from "../lib/balancer/registry.ts";
import { SharedTable } from "../lib/core/shared_table.ts";
import { type Backend, type BackendSpec, RAMP_STEPS } from "../lib/core/types.ts";
import { SharedBackend } from "../lib/upstream/backend.ts";
import { buildUpstream } from "../lib/upstream/build_upstream.ts";
import type { BalancedUpstream } from "../lib/upstream/upstream.ts";
import { usualWeight } from "../lib/upstream/usual_weight.ts";
import { seededOptions } from "../tests/support/farm.ts";

const OPTIONS = seededOptions();

for (const size of [5, 10_000]) {
  const specs = createSpecs(size);
  const servers = createServers(specs);
  for (const name of Object.keys(ALGORITHMS)) {
    Deno.bench({
      name: `${name}, ${size} backends`,
      group: `build an upstream of ${size} and pick once`,
      fn: () => void createUpstream(name, specs).acquire(0)?.[Symbol.dispose](),
    });
    Deno.bench({
      name: `${name} alone, ${size} backends`,
      group: `fill a balancer with ${size}`,
      fn: () => void fill(createBalancer<Backend>(name, optionsFor(specs)), servers),
    });
  }
}

/** As `buildUpstream` has them: a table's size goes by the usual weight. */
function optionsFor(specs: readonly BackendSpec[]): BalancerOptions {
  return { ...OPTIONS, weightUnit: usualWeight(specs) * RAMP_STEPS };
}

function fill(balancer: Balancer<Backend>, servers: readonly Backend[]): Balancer<Backend> {
  for (const server of servers) balancer.add(server);
  return balancer;
}

function createServers(specs: readonly BackendSpec[]): Backend[] {
  const table = SharedTable.create({
    workers: 1,
    backends: specs.length,
    upstreams: 1,
    listeners: 1,
  });
  return specs.map((spec, index) => new SharedBackend(spec, index, table));
}

function createUpstream(name: string, specs: readonly BackendSpec[]): BalancedUpstream {
  const table = SharedTable.create({
    workers: 1,
    backends: specs.length,
    upstreams: 1,
    listeners: 1,
  });
  const { now } = OPTIONS;
  const upstream = buildUpstream(
    { name: "app", algorithm: name, backends: specs, slowStartMs: 0 },
    { ...OPTIONS, index: 0, table, worker: 0, coarse: now, zone: undefined },
  );
  specs.forEach((spec, index) => upstream.addServer(new SharedBackend(spec, index, table)));
  return upstream;
}

/** Unequal weights: the dear case of `round_robin`. */
function createSpecs(count: number): BackendSpec[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `server-${index}`,
    address: { kind: "tcp", hostname: "127.0.0.1", port: 1 + index },
    weight: 1 + index % 7,
  }));
}
