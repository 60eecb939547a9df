import { createBalancer } from "../../lib/balancer/registry.ts";
import { SharedTable, type TableShape } from "../../lib/core/shared_table.ts";
import { SharedBackend } from "../../lib/upstream/backend.ts";
import { seededOptions } from "../../tests/support/farm.ts";

/** As many as the seed's benchmarks have. */
export const BACKENDS = 5;
/** What a table of one upstream of {@linkcode BACKENDS} needs. */
export const SHAPE: TableShape = { workers: 2, backends: BACKENDS, upstreams: 1, listeners: 1 };

/** Picks a backend by round robin, whose turns are drawn from the table that threads share. */
export function createPicker(table: SharedTable): () => void {
  const nextTurn = () => table.nextTurn(0);
  const balancer = createBalancer<SharedBackend>("round_robin", { ...seededOptions(), nextTurn });
  for (let index = 0; index < BACKENDS; index++) {
    const address = { kind: "tcp", hostname: "127.0.0.1", port: 8081 + index } as const;
    balancer.add(new SharedBackend({ id: `b${index}`, address, weight: 1 }, index, table));
  }
  const request = { key: 0, eligible: () => true };
  return () => void balancer.pick(request);
}

/** Nanoseconds that each of `count` calls takes. */
export function timeEach(count: number, run: () => void): number {
  const begin = performance.now();
  for (let i = 0; i < count; i++) run();
  return (performance.now() - begin) * 1e6 / count;
}
