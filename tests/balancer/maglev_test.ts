import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import fc from "fast-check";
import { Maglev } from "../../lib/balancer/maglev.ts";
import {
  ANY,
  equalServers,
  type FakeServer,
  FakeServer as Server,
  serversOf,
} from "../support/farm.ts";
import { countMoved, evenKeys, ownersOf, sharesOf } from "../support/keys.ts";

const KEYS = evenKeys(20_000);
const TABLE_LENGTH = 65_537;
/** A key for each slot of the table. */
const SLOT_KEYS = Array.from(
  { length: TABLE_LENGTH },
  (_, slot) => Math.ceil(slot * 2 ** 32 / TABLE_LENGTH),
);

/** A balancer whose builds run when the test says so. */
class Rig {
  readonly balancer: Maglev<FakeServer>;
  readonly #builds: (() => void)[] = [];

  constructor(servers: readonly FakeServer[]) {
    this.balancer = new Maglev<FakeServer>({ defer: (work) => void this.#builds.push(work) });
    for (const server of servers) this.balancer.add(server);
  }

  /** Does what was put off, and says how many pieces of work that were. */
  build(): number {
    return this.#builds.splice(0).map((work) => work()).length;
  }
}

function maglev(servers: readonly FakeServer[]): Maglev<FakeServer> {
  return new Rig(servers).balancer;
}

for (const count of [3, 5, 10, 100]) {
  Deno.test(`Maglev.pick() gives ${count} servers their share to 0.2 %`, () => {
    const servers = equalServers(count);

    const shares = sharesOf(maglev(servers), servers, SLOT_KEYS);

    assertLess(Math.max(...shares.map((share) => Math.abs(share - 1))), 0.002);
  });

  Deno.test(`Maglev.pick() moves at most 1 % too many when one of ${count} is no more`, () => {
    const servers = equalServers(count);
    const before = ownersOf(maglev(servers), SLOT_KEYS);

    const after = ownersOf(maglev(servers.slice(1)), SLOT_KEYS);

    const extra = countMoved(before, after, (owner) => owner !== servers[0]);
    assertLess(extra / TABLE_LENGTH, 0.01);
  });
}

Deno.test("Maglev.pick() gives 1000 servers their share to 1 %", () => {
  const servers = equalServers(1000);

  const shares = sharesOf(maglev(servers), servers, SLOT_KEYS);

  assertLess(Math.max(...shares.map((share) => Math.abs(share - 1))), 0.01);
});

Deno.test("Maglev.pick() shares by weight", () => {
  for (const weights of [[1, 2, 3, 4, 10, 5, 5], [65_535, 32_768, 1000], [7, 7, 7]]) {
    const servers = serversOf(weights);

    for (const share of sharesOf(maglev(servers), servers, SLOT_KEYS)) {
      assertLess(Math.abs(share - 1), 0.005);
    }
  }
});

Deno.test("Maglev.pick() leaves a server of very small weight a slot", () => {
  const servers = serversOf([65_535, 65_535, 1]);

  assert(ownersOf(maglev(servers), SLOT_KEYS).includes(servers[2]));
});

Deno.test("Maglev.remove() and add() of a known server move its own keys and build nothing", () => {
  const servers = serversOf([1, 2, 3, 3, 1, 2, 2, 1]);
  const rig = new Rig(servers);
  const before = ownersOf(rig.balancer, KEYS);

  rig.balancer.remove(servers[3]!);
  const without = ownersOf(rig.balancer, KEYS);
  rig.balancer.add(servers[3]!);

  assertEquals(countMoved(before, without, (owner) => owner !== servers[3]), 0);
  assertEquals(countMoved(before, ownersOf(rig.balancer, KEYS)), 0);
  assertEquals(rig.build(), 0);
});

Deno.test("Maglev.remove() shares the keys of the server among the others by weight", () => {
  const servers = serversOf([1, 2, 3, 3, 1, 2, 2, 1]);
  const balancer = maglev(servers);
  const before = ownersOf(balancer, KEYS);

  balancer.remove(servers[3]!);

  const heirs = ownersOf(balancer, KEYS).filter((_, place) => before[place] === servers[3]);
  for (const server of servers.filter((each) => each !== servers[3])) {
    const fair = heirs.length * server.weight / 12;
    assertLess(Math.abs(heirs.filter((heir) => heir === server).length - fair), fair * 0.2);
  }
});

Deno.test("Maglev.pick() passes over a refused server as over one that is gone", () => {
  const servers = equalServers(10);
  const refused = [servers[2]!, servers[5]!];
  const balancer = maglev(servers);
  const picked = ownersOf(balancer, KEYS, (server) => !refused.includes(server));

  for (const server of refused) balancer.remove(server);

  assertEquals(countMoved(picked, ownersOf(balancer, KEYS)), 0);
});

Deno.test("Maglev.pick() asks few servers when the first is refused", () => {
  const balancer = maglev(equalServers(100));
  const refused = new Set(equalServers(30).map(({ id }) => id));
  let asked = 0;

  ownersOf(balancer, KEYS, ({ id }) => (asked++, !refused.has(id)));

  // Each try meets one that is refused with 0.3, so 1 / 0.7 of them are made.
  assertLess(Math.abs(asked / KEYS.length - 1 / 0.7), 0.05);
});

Deno.test("Maglev.pick() shares by weight among a few eligible of many", () => {
  const servers = serversOf(Array.from({ length: 1000 }, (_, place) => 1 + place % 3));
  const few = new Set(servers.slice(0, 6));

  const picked = ownersOf(maglev(servers), KEYS.slice(0, 6000), (server) => few.has(server));

  for (const server of few) {
    const fair = 6000 * server.weight / 12;
    assertLess(Math.abs(picked.filter((each) => each === server).length - fair), fair * 0.15);
  }
});

Deno.test("Maglev.add() of new servers builds once, later, and nothing changes until then", () => {
  const servers = equalServers(10);
  const rig = new Rig(servers);
  assertEquals(rig.build(), 0);
  const before = ownersOf(rig.balancer, KEYS);
  const newcomers = [new Server("x"), new Server("y")];

  for (const newcomer of newcomers) rig.balancer.add(newcomer);

  assertEquals(countMoved(before, ownersOf(rig.balancer, KEYS)), 0);
  assertEquals(rig.build(), 1);
  const after = ownersOf(rig.balancer, KEYS);
  assertEquals(countMoved(after, ownersOf(maglev([...servers, ...newcomers]), KEYS)), 0);
  const extra = countMoved(before, after, (_, owner) => !newcomers.includes(owner!));
  assertLess(extra / KEYS.length, 0.02);
});

Deno.test("Maglev.pick() finds a new server that is in no table yet when it is the only one", () => {
  const servers = equalServers(3);
  const { balancer } = new Rig(servers);
  balancer.pick(ANY);
  const newcomer = new Server("new");

  balancer.add(newcomer);
  assertEquals(balancer.pick({ ...ANY, eligible: (server) => server === newcomer }), newcomer);

  for (const server of servers) balancer.remove(server);
  assertEquals(balancer.pick(ANY), newcomer);
});

Deno.test("Maglev.weightChanged() builds once and moves about the difference", () => {
  const servers = equalServers(10);
  const rig = new Rig(servers);
  const before = ownersOf(rig.balancer, SLOT_KEYS);

  servers[4]!.weight = 2;
  rig.balancer.weightChanged(servers[4]!);
  rig.balancer.weightChanged(servers[4]!);
  assertEquals(rig.build(), 1);

  const after = ownersOf(rig.balancer, SLOT_KEYS);
  const forced = 2 / 11 - 1 / 10;
  const moved = countMoved(before, after) / TABLE_LENGTH;
  assertGreater(moved, forced * 0.99);
  assertLess(moved, forced + 0.05);
});

Deno.test("Maglev.pick() is that of a new one with the same past members, once built", () => {
  const step = fc.record({ server: fc.nat(7), comes: fc.boolean(), builds: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: "max" }), (steps) => {
      const servers = serversOf([1, 2, 3, 1, 1, 2, 5, 1]);
      const rig = new Rig([]);
      const known = new Set<FakeServer>();
      const present = new Set<FakeServer>();
      for (const { server: place, comes, builds } of steps) {
        const server = servers[place]!;
        if (comes) {
          known.add(server);
          present.add(server);
          rig.balancer.add(server);
        } else {
          present.delete(server);
          rig.balancer.remove(server);
        }
        rig.balancer.pick(ANY);
        if (builds) rig.build();
      }
      rig.build();

      // In another order, as other threads may have heard of them.
      const fresh = maglev([...known].reverse());
      for (const server of known) if (!present.has(server)) fresh.remove(server);

      const keys = KEYS.slice(0, 500);
      assertEquals(countMoved(ownersOf(rig.balancer, keys), ownersOf(fresh, keys)), 0);
    }),
    { seed: 20_260_921, numRuns: 40 },
  );
});

Deno.test("Maglev forgets names that came and went long ago", () => {
  const rig = new Rig(equalServers(5));
  const passing = Array.from({ length: 100 }, (_, round) => new Server(`passing-${round}`));
  for (const server of passing) {
    rig.balancer.add(server);
    rig.balancer.pick(ANY);
    rig.build();
    rig.balancer.remove(server);
  }

  // Who is still known needs no build to be back.
  rig.balancer.add(passing[99]!);
  assertEquals(rig.build(), 0);
  rig.balancer.add(passing[0]!);
  assertEquals(rig.build(), 1);
});

Deno.test("Maglev.pick() holds 10,000 servers of the most unequal weights", () => {
  const servers = serversOf(Array.from({ length: 10_000 }, (_, i) => i === 0 ? 65_535 : 1));
  const balancer = maglev(servers);
  const keys = evenKeys(200_000);

  const picked = ownersOf(balancer, keys);

  const share = picked.filter((server) => server === servers[0]).length / keys.length;
  assertLess(Math.abs(share - 65_535 / (65_535 + 9999)), 0.01);
  assertEquals(new Set(picked).size > 9000, true);
});
