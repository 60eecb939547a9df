import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import type { Balancer } from "../../lib/balancer/balancer.ts";
import {
  ANY,
  assertShares,
  equalServers,
  type FakeServer,
  Farm,
  filled,
  pickIds,
  serversOf,
} from "../support/farm.ts";
import { oneOf, seededRandom } from "../support/seeded_random.ts";

/** Makes an empty balancer; the same each time. */
export type CreateBalancer = () => Balancer<FakeServer>;

/** One promise that every algorithm makes, unless it is excepted by name and with a reason. */
export interface Clause {
  readonly name: string;
  /** @param tolerance how far from its weight's share a server may be, as a part of that share */
  readonly hold: (create: CreateBalancer, tolerance: number) => void;
}

const WEIGHTS = [1, 2, 3, 4, 10, 5, 5];

const EMPTINESS: readonly Clause[] = [
  {
    name: "answers undefined when the set is empty",
    hold: (create) => assertEquals(create().pick(ANY), undefined),
  },
  {
    name: "answers undefined when none is eligible",
    hold: (create) => {
      const balancer = filled(create, equalServers(5));

      assertEquals(pickIds(balancer, 20, () => false), Array.from({ length: 20 }, () => "-"));
    },
  },
  {
    name: "answers undefined once the last server is removed",
    hold: (create) => {
      const servers = equalServers(3);
      const balancer = filled(create, servers);
      balancer.pick(ANY);

      for (const server of servers) balancer.remove(server);

      assertEquals(balancer.pick(ANY), undefined);
    },
  },
  {
    name: "finds the only eligible server",
    hold: (create) => {
      const servers = serversOf(Array.from({ length: 50 }, (_, place) => 1 + place % 7));
      const balancer = filled(create, servers);

      for (const only of servers) {
        for (let key = 0; key < 5; key++) {
          const picked = balancer.pick({ key, eligible: (server) => server === only });
          assertEquals(picked, only);
        }
      }
    },
  },
];

const MEMBERSHIP: readonly Clause[] = [
  {
    name: "never names a removed server",
    hold: (create) => {
      const servers = serversOf(WEIGHTS);
      const balancer = filled(create, servers);
      pickIds(balancer, 10);
      const removed = [servers[0]!, servers[4]!];
      for (const server of removed) balancer.remove(server);
      const farm = new Farm(balancer, 30);

      farm.run(2000);

      assertEquals(removed.map((server) => farm.countOf(server)), [0, 0]);
    },
  },
  {
    name: "takes a server that is added twice as one",
    hold: (create) => {
      const servers = equalServers(3);
      const balancer = filled(create, [...servers, servers[0]!, servers[0]!]);
      const farm = new Farm(balancer, 30);

      farm.run(3000);
      balancer.remove(servers[0]!);

      assertShares(farm, servers, 0.25);
      assert(!pickIds(balancer, 50).includes("s0"));
    },
  },
  {
    name: "does not mind removing a server that is not in the set",
    hold: (create) => {
      const [known, stranger] = equalServers(2) as [FakeServer, FakeServer];
      const balancer = filled(create, [known]);

      balancer.remove(stranger);
      balancer.remove(stranger);

      assertEquals(balancer.pick(ANY), known);
    },
  },
  {
    name: "does not mind a change of load after removal",
    hold: (create) => {
      const [left, gone] = equalServers(2) as [FakeServer, FakeServer];
      const balancer = filled(create, [left, gone]);
      balancer.remove(gone);

      gone.load = 3;
      balancer.loadChanged?.(gone);

      assertEquals(pickIds(balancer, 3), ["s0", "s0", "s0"]);
    },
  },
  {
    name: "takes a server back that was removed",
    hold: (create) => {
      const servers = equalServers(4);
      const balancer = filled(create, servers);
      const farm = new Farm(balancer, 40);
      balancer.remove(servers[1]!);
      pickIds(balancer, 10);
      balancer.add(servers[1]!);

      farm.run(4000);

      assertShares(farm, servers, 0.25);
    },
  },
];

const SHARES: readonly Clause[] = [
  {
    name: "shares by weight",
    hold: (create, tolerance) => {
      const servers = serversOf(WEIGHTS);
      const farm = new Farm(filled(create, servers), 300);

      farm.run(30_000);

      assertShares(farm, servers, tolerance);
    },
  },
  {
    name: "shares by weight among those left after a removal",
    hold: (create, tolerance) => {
      const servers = serversOf(WEIGHTS);
      const balancer = filled(create, servers);
      balancer.remove(servers[4]!);
      balancer.remove(servers[0]!);
      const farm = new Farm(balancer, 300);

      farm.run(30_000);

      assertShares(farm, servers.filter((_, place) => place !== 4 && place !== 0), tolerance);
    },
  },
  {
    name: "shares by weight among those eligible",
    hold: (create, tolerance) => {
      const servers = serversOf(WEIGHTS);
      const farm = new Farm(filled(create, servers), 300);
      const eligible = servers.filter((server) => server.weight < 10);

      farm.run(30_000, (server) => server.weight < 10);

      assertShares(farm, eligible, tolerance);
    },
  },
  {
    name: "shares by weight when the heaviest server by far is not eligible",
    hold: (create, tolerance) => {
      const servers = serversOf([1000, 1, 2, 1]);
      const farm = new Farm(filled(create, servers), 100);

      farm.run(4000, (server) => server.weight < 1000);

      assertShares(farm, servers.slice(1), tolerance);
    },
  },
  {
    name: "never gives twice the fair share while servers come and go",
    hold: (create) => {
      const random = seededRandom(7);
      const servers = equalServers(10);
      const balancer = filled(create, servers);
      const farm = new Farm(balancer, 40);
      const present = new Set(servers);
      const fair = new Map(servers.map((server) => [server, 0]));

      for (let pick = 0; pick < 5000; pick++) {
        if (pick % 20 === 0) flip(oneOf(random, servers));
        for (const server of present) fair.set(server, fair.get(server)! + 1 / present.size);
        farm.step();
      }

      for (const server of servers) {
        assertLessOrEqual(farm.countOf(server), 2 * fair.get(server)!, server.id);
      }

      function flip(server: FakeServer): void {
        if (!present.has(server)) {
          present.add(server);
          balancer.add(server);
        } else if (present.size > 3) {
          present.delete(server);
          balancer.remove(server);
        }
      }
    },
  },
];

const HABITS: readonly Clause[] = [
  {
    name: "changes no candidate",
    hold: (create) => {
      const servers = serversOf(WEIGHTS).map((server) => Object.freeze(server));
      const balancer = filled(create, servers);

      assertEquals(pickIds(balancer, 100).includes("-"), false);
    },
  },
  {
    name: "repeats exactly over 10,000 picks with the same seed",
    hold: (create) => {
      const runs = [1, 2].map(() => {
        const farm = new Farm(filled(create, serversOf(WEIGHTS)), 50);
        return Array.from({ length: 10_000 }, () => farm.step()?.id);
      });

      assertEquals(runs[0], runs[1]);
    },
  },
  {
    name: "prefers the strictly less loaded of two",
    hold: (create) => {
      const [busy, quiet] = equalServers(2) as [FakeServer, FakeServer];
      busy.load = 2;
      quiet.load = 1;
      const balancer = filled(create, [busy, quiet]);

      assertEquals(pickIds(balancer, 50), Array.from({ length: 50 }, () => "s1"));
    },
  },
];

const AFFINITY: readonly Clause[] = [
  {
    name: "names the same server for the same key, in whatever order servers were added",
    hold: (create) => {
      const servers = equalServers(10);
      const one = filled(create, servers);
      const other = filled(create, servers.toReversed());

      for (const key of KEYS) {
        const first = one.pick({ ...ANY, key });
        assertEquals(one.pick({ ...ANY, key }), first);
        assertEquals(other.pick({ ...ANY, key }), first);
      }
    },
  },
  {
    name: "moves few keys of other servers when one is removed",
    hold: (create) => {
      const servers = equalServers(10);
      const balancer = filled(create, servers);
      const before = KEYS.map((key) => balancer.pick({ ...ANY, key }));

      balancer.remove(servers[3]!);

      const moved = KEYS.filter((key, place) =>
        before[place] !== servers[3] && balancer.pick({ ...ANY, key }) !== before[place]
      );
      assertLessOrEqual(moved.length, KEYS.length / 50);
    },
  },
];

const KEYS = Array.from({ length: 1000 }, (_, place) => Math.imul(place, 0x9e3779b1) >>> 0);

/** The promises of `Balancer.pick()`. */
export const CONTRACT: readonly Clause[] = [
  ...EMPTINESS,
  ...MEMBERSHIP,
  ...SHARES,
  ...HABITS,
  ...AFFINITY,
];
