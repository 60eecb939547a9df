import { GuardTable } from "../lib/core/guard_table.ts";
import { SharedTable } from "../lib/core/shared_table.ts";
import { seededRandom } from "../lib/ds/seeded_random.ts";
import { SharedBackend } from "../lib/upstream/backend.ts";
import { buildUpstream } from "../lib/upstream/build_upstream.ts";
import type { BalancedUpstream } from "../lib/upstream/upstream.ts";

/** What one request does with its upstream, with and without what holds backends off. */
for (const count of [3, 100]) {
  for (const isGuarded of [false, true]) {
    const upstream = createUpstream(count, isGuarded);
    Deno.bench({
      name: `acquire, answer, settle: ${count} backends, ${isGuarded ? "guarded" : "no guards"}`,
      group: `lease, ${count} backends`,
      baseline: !isGuarded,
      fn() {
        using lease = upstream.acquire(0);
        lease?.answered(true, 200);
        lease?.toClient(100);
        lease?.settle({ kind: "success" });
      },
    });
  }
}

function createUpstream(count: number, isGuarded: boolean): BalancedUpstream {
  const shape = { workers: 2, backends: count, upstreams: 1, listeners: 1 };
  const table = SharedTable.create(shape);
  const address = { kind: "tcp", hostname: "127.0.0.1", port: 80 } as const;
  const backends = Array.from({ length: count }, (_, index) => {
    return { id: `server-${index}`, address, weight: 1 };
  });
  const upstream = buildUpstream(
    {
      name: "app",
      algorithm: "least_connections",
      backends,
      slowStartMs: 0,
      circuitBreaker: {
        failures: 5,
        errorRate: 0.5,
        minRequests: 20,
        windowMs: 10_000,
        openMs: 30_000,
        maxOpenMs: 300_000,
        halfOpenRequests: 3,
      },
    },
    {
      index: 0,
      table,
      ...(isGuarded ? { guards: GuardTable.create(shape) } : {}),
      worker: 0,
      random: seededRandom(1),
      now: () => performance.now(),
      coarse: () => 0,
      defer: queueMicrotask,
      zone: undefined,
    },
  );
  for (const [index, spec] of backends.entries()) {
    upstream.addServer(new SharedBackend(spec, index, table));
  }
  return upstream;
}
