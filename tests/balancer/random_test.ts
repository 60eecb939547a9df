import { assertEquals } from "@std/assert";
import { Random } from "../../lib/balancer/random.ts";
import { ANY, assertShares, Farm, filled, pickIds, serversOf } from "../support/farm.ts";
import { seededRandom } from "../support/seeded_random.ts";

Deno.test("Random.pick() follows a ramp of weights from step to step", () => {
  const servers = serversOf([20, 20, 20]);
  const balancer = filled(() => new Random({ random: seededRandom(5) }), servers);

  for (const weight of [1, 5, 10, 20]) {
    servers[2]!.weight = weight;
    balancer.weightChanged?.(servers[2]!);
    const farm = new Farm(balancer, 0);
    farm.run(20_000);
    assertShares(farm, servers, 0.15);
  }
});

Deno.test("Random.pick() has no order that instances could march in", () => {
  const servers = serversOf([1, 1, 1, 1, 1, 1, 1, 1]);
  const runs = [1, 2].map((seed) =>
    pickIds(filled(() => new Random({ random: seededRandom(seed) }), servers), 20)
  );

  assertEquals(runs[0]!.join() === runs[1]!.join(), false);
});

Deno.test("Random.pick() draws one number when the server may be taken", () => {
  let draws = 0;
  const random = () => (draws++ % 10) / 10;
  const balancer = filled(() => new Random({ random }), serversOf([3, 1, 5]));

  for (let i = 0; i < 50; i++) balancer.pick(ANY);

  assertEquals(draws, 50);
});

Deno.test("Random.pick() shares by weight on 10,000 servers", () => {
  const servers = serversOf(Array.from({ length: 10_000 }, (_, place) => 1 + place % 2));
  const balancer = filled(() => new Random({ random: seededRandom(6) }), servers);

  const heavy = Array.from({ length: 60_000 }, () => balancer.pick(ANY)!)
    .filter(({ weight }) => weight === 2).length;

  assertEquals(Math.round(heavy / 1000), 40);
});
