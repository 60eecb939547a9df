import { ALGORITHMS } from "../balancer/registry.ts";
import type { Basis } from "../balancer/balancer.ts";
import type { HashKey } from "../config/types.ts";
import { formatAddress } from "../core/address.ts";
import { type Backend, type Candidate, RAMP_STEPS } from "../core/types.ts";
import { LeaseSearch } from "../proxy/lease_search.ts";
import { type TierName, tierOf } from "../upstream/availability.ts";
import type { BackendExplanation, UpstreamExplanation } from "./explanation.ts";
import type { ShadowUpstream, ShadowUpstreams } from "./shadow_upstreams.ts";

/** One request to one upstream. */
export interface UpstreamQuestion {
  readonly shadow: ShadowUpstream;
  readonly shadows: ShadowUpstreams;
  readonly percent: number;
  /** 32-bit hash of the affinity key; 0 where the algorithm goes by none. */
  readonly key: number;
  /** The request has nothing to make a key of: one was drawn. */
  readonly isDrawn: boolean;
  /** The backend that the client's cookie names. */
  readonly bound: Backend | undefined;
  /** Where this Weir runs. */
  readonly zone: string | undefined;
}

/** Who is tried after failures is told of so many. */
const ORDER_LENGTH = 5;

/** Asks an upstream where it would send a request, by the search that requests go through. */
export function explainUpstream(question: UpstreamQuestion): UpstreamExplanation {
  const { shadow, percent, key, isDrawn, zone, bound } = question;
  const { config, upstream } = shadow;
  const basis = ALGORITHMS[config.algorithm]?.basis ?? "order";
  const before = [...upstream.backends.values()].map((backend) => describe(backend, question));
  const turn = basis === "turn" ? { turn: nextTurn(shadow) } : {};
  const order = tryInOrder(question);
  const [pick] = order;
  const goesByKey = basis === "key" || basis === "network";
  const isBound = bound !== undefined && pick === bound.id;
  const picked = before.find(({ id }) => id === pick);
  return {
    name: config.name,
    percent,
    algorithm: config.algorithm,
    ...(config.hashKey === undefined
      ? {}
      : { key: { of: nameOf(config.hashKey), hash: (key >>> 0).toString(16).padStart(8, "0") } }),
    ...turn,
    ...(zone !== undefined ? { nearPercent: Math.round(upstream.nearShare * 100) } : {}),
    backends: before.map((backend) => excludeByTier(backend, picked?.tier, upstream.nearShare)),
    ...(pick === undefined ? {} : { pick }),
    order,
    why: pick === undefined ? explainNone(shadow) : explainPick(basis, { isBound, isDrawn }),
    isCertain: isBound || basis === "order" ||
      (goesByKey && !isDrawn && config.boundedLoad === undefined),
  };
}

function describe(backend: Backend, { shadow, zone }: UpstreamQuestion): BackendExplanation {
  const { upstream, tables: { table } } = shadow;
  const cost = upstream.costOf(backend);
  const excluded = upstream.heldOffBy(backend);
  return {
    id: backend.id,
    address: formatAddress(backend.spec.address),
    tier: tierOf(backend.spec, zone),
    up: table.isUp(backend.index),
    weight: upstream.weightOf(backend),
    warmPercent: Math.round(backend.ramp / RAMP_STEPS * 100),
    inFlight: table.inFlight(backend.index),
    ...(cost === undefined || excluded !== undefined ? {} : { cost: Number(cost.toFixed(3)) }),
    ...(excluded === undefined ? {} : { excluded }),
  };
}

/** Others are passed over where a tier before theirs has somebody. */
function excludeByTier(
  backend: BackendExplanation,
  picked: TierName | undefined,
  nearShare: number,
): BackendExplanation {
  if (backend.excluded !== undefined || picked === undefined || backend.tier === picked) {
    return backend;
  }
  if (backend.tier === "backup") return { ...backend, excluded: "backup" };
  if (backend.tier === "far" && nearShare === 1) return { ...backend, excluded: "other_zone" };
  return backend;
}

function tryInOrder({ shadow, shadows, key, bound }: UpstreamQuestion): string[] {
  const { upstream } = shadow;
  const tried = new Set<Candidate>();
  const source = { upstream, room: undefined, sticky: { table: { backendFor: () => bound } } };
  const attempts = {
    get tried() {
      return tried.size === 0 ? undefined : tried;
    },
  };
  const search = new LeaseSearch(source, attempts, { key, cookie: undefined });
  const order: string[] = [];
  while (order.length < ORDER_LENGTH) {
    using lease = search.atOnce();
    // With every backend tried once, it goes round again.
    if (lease === undefined || tried.has(lease.backend)) break;
    tried.add(lease.backend);
    order.push(lease.backend.id);
    shadows.settle();
  }
  return order;
}

/** Looked up on the copy, where the pick that follows draws it. */
function nextTurn({ index, tables: { table } }: ShadowUpstream): number {
  const turn = table.nextTurn(index);
  table.setTurn(index, turn);
  return turn;
}

const WHY: Readonly<Record<Basis, string>> = {
  turn: "it is its turn; other requests that come first take turns too",
  chance: "it was drawn by weight; the next draw may differ",
  load: "least work in flight for its weight, as threads compare it; equals are told apart by each",
  latency: "drawn by weight and load; each thread also goes by latencies of its own",
  order: "it is the first that may have work",
  key: "its place in the order for this key",
  network: "its place in the order for the client's network",
};

function explainPick(
  basis: Basis,
  { isBound, isDrawn }: { readonly isBound: boolean; readonly isDrawn: boolean },
): string {
  if (isBound) return "the client's cookie names it";
  return isDrawn ? "the request has no such key, so one was drawn" : WHY[basis];
}

function explainNone({ upstream }: ShadowUpstream): string {
  if (upstream.isFull()) return "every backend has as much work as it may have: requests wait";
  return `none may have work: 503 with reason ${upstream.refusal() ?? "no_backend"}`;
}

function nameOf(key: HashKey): string {
  if ("name" in key) return `${key.kind}:${key.name}`;
  return key.kind === "network" ? "client_network" : key.kind;
}
