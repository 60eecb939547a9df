import { GuardTable } from "../lib/core/guard_table.ts";
import { LimitTable } from "../lib/core/limit_table.ts";
import { SharedTable, type TableShape } from "../lib/core/shared_table.ts";
import { seededRandom } from "../lib/ds/seeded_random.ts";
import { SharedBackend } from "../lib/upstream/backend.ts";
import { createLimit } from "../lib/limit/create_limit.ts";
import { ConcurrencyGate } from "../lib/upstream/concurrency_gate.ts";
import type { Gate } from "../lib/upstream/gate.ts";
import { SlotGate } from "../lib/upstream/slot_gate.ts";
import { buildUpstream } from "../lib/upstream/build_upstream.ts";
import type { BalancedUpstream } from "../lib/upstream/upstream.ts";

/** What one request does with its upstream, with and without what holds backends off. */
for (const count of [3, 100]) {
  for (const held of ["no guards", "guarded", "guarded and limited"] as const) {
    const upstream = createUpstream(count, held);
    Deno.bench({
      name: `acquire, answer, settle: ${count} backends, ${held}`,
      group: `lease, ${count} backends`,
      baseline: held === "no guards",
      fn() {
        using lease = upstream.acquire(0);
        lease?.answered(true, 200);
        lease?.toClient(100);
        lease?.settle({ kind: "success" });
      },
    });
  }
}

type Held = "no guards" | "guarded" | "guarded and limited";

function createUpstream(count: number, held: Held): BalancedUpstream {
  const shape = { workers: 2, backends: count, upstreams: 1, listeners: 1 };
  const table = SharedTable.create(shape);
  const address = { kind: "tcp", hostname: "127.0.0.1", port: 80 } as const;
  const backends = Array.from({ length: count }, (_, index) => {
    return { id: `server-${index}`, address, weight: 1, maxConnections: 1000 };
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
      ...(held === "no guards" ? {} : { guards: GuardTable.create(shape) }),
      worker: 0,
      random: seededRandom(1),
      now: () => performance.now(),
      coarse: () => 0,
      defer: queueMicrotask,
      zone: undefined,
      gates: held === "guarded and limited" ? createLimits(shape) : [],
    },
  );
  for (const [index, spec] of backends.entries()) {
    upstream.addServer(new SharedBackend(spec, index, table));
  }
  return upstream;
}

/** `concurrency` and `max_connections`, as `lib/runtime/gates.ts` has them. */
function createLimits(shape: TableShape): Gate[] {
  const table = LimitTable.create(shape);
  const policy = { algorithm: "gradient", initial: 20, min: 1, max: 200, timeoutMs: 5000 } as const;
  const limit = () => createLimit(policy, seededRandom(2));
  return [
    new ConcurrencyGate({ createLimit: limit, table, worker: 0 }),
    new SlotGate(table, 0),
  ];
}
