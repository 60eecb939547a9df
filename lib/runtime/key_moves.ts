import { ALGORITHMS } from "../balancer/registry.ts";
import type { Config, UpstreamConfig } from "../config/types.ts";
import { formatAddress } from "../core/address.ts";
import { GuardTable } from "../core/guard_table.ts";
import { LimitTable } from "../core/limit_table.ts";
import { SharedTable } from "../core/shared_table.ts";
import { isSame } from "../core/same.ts";
import { mix32 } from "../ds/hash.ts";
import { seededRandom } from "../ds/seeded_random.ts";
import { placeBackends, shapeOf } from "./layout.ts";
import { Overrides } from "./overrides.ts";
import { ShadowUpstreams } from "./shadow_upstreams.ts";

/** How many keys are asked after. */
export const ASKED_KEYS = 10_000;

/** How many keys another configuration sends elsewhere. */
export interface KeyMove {
  readonly upstream: string;
  /** Of {@linkcode ASKED_KEYS}. */
  readonly moved: number;
}

/**
 * Asks the real upstreams of both configurations, all backends well and idle, where keys go. Those
 * that go by no key in both are left out, and so are those of which nothing differs.
 */
export function countKeyMoves(before: Config, after: Config): KeyMove[] {
  const known = new Map(before.upstreams.map((upstream) => [upstream.name, upstream]));
  const isSameZone = before.zone === after.zone;
  const asked = after.upstreams.filter((upstream) => {
    const old = known.get(upstream.name);
    return old !== undefined && goesByKey(old) && goesByKey(upstream) &&
      !(isSameZone && isSame(old, upstream));
  });
  if (asked.length === 0) return [];
  const [mine, others] = [shadowsOf(before), shadowsOf(after)];
  return asked.map(({ name }) => {
    const [from, to] = [ownersIn(mine, name), ownersIn(others, name)];
    return { upstream: name, moved: from.filter((owner, key) => owner !== to[key]).length };
  });
}

function goesByKey({ algorithm }: UpstreamConfig): boolean {
  const basis = ALGORITHMS[algorithm]?.basis;
  return basis === "key" || basis === "network";
}

/** By key: the backend that it goes to. */
function ownersIn(shadows: ShadowUpstreams, name: string): (string | undefined)[] {
  const { upstream } = shadows.look(name);
  return Array.from({ length: ASKED_KEYS }, (_, key) => {
    using lease = upstream.acquire(mix32(key));
    const backend = lease?.backend;
    return backend && `${backend.id} ${formatAddress(backend.spec.address)}`;
  });
}

/** Over a Weir that has just begun, with all backends well. */
function shadowsOf(config: Config): ShadowUpstreams {
  const shape = shapeOf(config);
  const table = SharedTable.create(shape);
  for (const { index } of placeBackends(config)) table.setUp(index, true);
  return new ShadowUpstreams({
    config,
    table,
    limits: LimitTable.create(shape),
    guards: GuardTable.create(shape),
    overrides: new Overrides(),
    now: () => 0,
    // Where work for other zones is drawn, keys that stay draw the same.
    random: seededRandom(1),
  });
}
