import type { Balancer } from "../../lib/balancer/balancer.ts";
import type { FakeServer } from "./farm.ts";

/** `count` keys spread evenly over 32 bits, as good hashes are (Weyl sequence). */
export function evenKeys(count: number): number[] {
  return Array.from({ length: count }, (_, place) => Math.imul(place, 0x9e3779b1) >>> 0);
}

/** Which server each key goes to. */
export function ownersOf(
  balancer: Balancer<FakeServer>,
  keys: readonly number[],
  eligible: (server: FakeServer) => boolean = () => true,
): (FakeServer | undefined)[] {
  const request = { key: 0, eligible };
  return keys.map((key) => {
    request.key = key;
    return balancer.pick(request);
  });
}

/** Each server's part of the keys, where 1 is the part its weight entitles it to. */
export function sharesOf(
  balancer: Balancer<FakeServer>,
  servers: readonly FakeServer[],
  keys: readonly number[],
): number[] {
  const counts = new Map<FakeServer | undefined, number>();
  for (const owner of ownersOf(balancer, keys)) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  const total = servers.reduce((sum, { weight }) => sum + weight, 0);
  return servers.map((server) => (counts.get(server) ?? 0) / (keys.length * server.weight / total));
}

/** How many keys are another's now, of those that `counts` says count. */
export function countMoved<T>(
  before: readonly T[],
  after: readonly T[],
  counts: (before: T, after: T) => boolean = () => true,
): number {
  return before.filter((owner, place) => owner !== after[place] && counts(owner, after[place]!))
    .length;
}
