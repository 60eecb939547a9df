import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { createBalancer } from "../../lib/balancer/registry.ts";
import { type FakeServer, filled, seededOptions, serversOf } from "./farm.ts";
import { evenKeys, ownersOf } from "./keys.ts";

const SEEDED = { seed: 20_260_921, numRuns: 100 };
const SERVER_COUNT = 12;

const step = fc.record({
  server: fc.nat(SERVER_COUNT - 1),
  kind: fc.constantFrom("add", "add", "remove", "reweigh"),
  weight: fc.integer({ min: 1, max: 4 }),
  /** A pick between the changes makes lazy work happen there. */
  picks: fc.boolean(),
});

/** Fails if a balancer with any past picks other than a new one with the same servers in it. */
export function assertForgetsHistory(algorithm: string): void {
  const keys = evenKeys(300);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      const servers = serversOf(Array.from({ length: SERVER_COUNT }, () => 1));
      const balancer = createBalancer<FakeServer>(algorithm, seededOptions());
      const members = new Set<FakeServer>();
      for (const { server: place, kind, weight, picks } of steps) {
        const server = servers[place]!;
        if (kind === "add") {
          members.add(server);
          balancer.add(server);
        } else if (kind === "remove") {
          members.delete(server);
          balancer.remove(server);
        } else {
          // Also of a server that is away: it comes back with another weight.
          server.weight = weight;
          balancer.weightChanged?.(server);
        }
        if (picks) ownersOf(balancer, keys);
      }

      const fresh = filled(() => createBalancer<FakeServer>(algorithm, seededOptions()), [
        ...members,
      ]);
      assertEquals(idsOf(ownersOf(balancer, keys)), idsOf(ownersOf(fresh, keys)));
    }),
    SEEDED,
  );
}

function idsOf(servers: readonly (FakeServer | undefined)[]): string[] {
  return servers.map((server) => server?.id ?? "-");
}
