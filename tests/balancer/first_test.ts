import { assertEquals } from "@std/assert";
import { First } from "../../lib/balancer/first.ts";
import { ANY, type FakeServer, filled, pickIds, serversOf } from "../support/farm.ts";

Deno.test("First.pick() keeps to the first, whatever load and weight", () => {
  const servers = serversOf([1, 100]);
  servers[0]!.load = 1000;
  const balancer = filled(() => new First<FakeServer>(), servers);

  assertEquals(pickIds(balancer, 5), ["s0", "s0", "s0", "s0", "s0"]);
});

Deno.test("First.pick() takes the next one while the first is refused", () => {
  const balancer = filled(() => new First<FakeServer>(), serversOf([1, 1, 1]));

  assertEquals(pickIds(balancer, 2, ({ id }) => id !== "s0"), ["s1", "s1"]);
  assertEquals(pickIds(balancer, 1), ["s0"]);
});

Deno.test("First.pick() goes back to the first when it comes back", () => {
  const servers = serversOf([1, 1, 1]);
  const balancer = filled(() => new First<FakeServer>(), servers);

  balancer.remove(servers[0]!);
  assertEquals(pickIds(balancer, 1), ["s1"]);

  balancer.remove(servers[1]!);
  balancer.add(servers[1]!);
  balancer.add(servers[0]!);
  assertEquals(pickIds(balancer, 1), ["s0"]);
});

Deno.test("First.pick() finds the only eligible one of 10,000", () => {
  const servers = serversOf(Array.from({ length: 10_000 }, () => 1));
  const balancer = filled(() => new First<FakeServer>(), servers);

  const last = servers.at(-1)!;

  assertEquals(balancer.pick({ ...ANY, eligible: (server) => server === last }), last);
});
