import { ALGORITHMS, createBalancer } from "../balancer/registry.ts";
import type { BackendSpec, Candidate } from "../core/types.ts";
import { seededRandom } from "../ds/seeded_random.ts";
import { usualWeight } from "../upstream/usual_weight.ts";
import { hashNumber } from "./keys.ts";

/** What {@linkcode keysMoved} asks. */
export interface KeysMovedOptions {
  readonly algorithm: string;
  readonly backends: readonly BackendSpec[];
  /** How many keys are looked at, 1 or more. */
  readonly keys: number;
  readonly seed: number;
}

/**
 * Share of the keys, 0 to 1, that change their backend without need when one backend goes: those that
 * were not on it. `undefined` for an algorithm that does not go by key, and with nothing to remove.
 *
 * Asks a balancer of its own whose backends are idle.
 */
export function keysMoved(options: KeysMovedOptions): number | undefined {
  const { algorithm, keys } = options;
  const basis = ALGORITHMS[algorithm]?.basis;
  const candidates = options.backends.filter(({ weight }) => weight > 0).map(idle);
  const gone = candidates[candidates.length >> 1];
  if ((basis !== "key" && basis !== "network") || gone === undefined || candidates.length < 2) {
    return undefined;
  }
  const pickAll = balancerOf(options, candidates);
  const before = pickAll(keys);
  const after = pickAll(keys, gone);
  const moved = before.filter((candidate, key) => candidate !== gone && candidate !== after[key]);
  return moved.length / keys;
}

type Picks = (Candidate | undefined)[];

/** Picks for the first `keys` keys, after removing a backend if there is one to remove. */
function balancerOf(options: KeysMovedOptions, candidates: readonly Candidate[]) {
  let turn = 0;
  const deferred: (() => void)[] = [];
  const balancer = createBalancer<Candidate>(options.algorithm, {
    random: seededRandom(options.seed),
    nextTurn: () => turn++ >>> 0,
    now: () => 0,
    weightUnit: usualWeight(options.backends),
    defer: (work) => void deferred.push(work),
  });
  for (const candidate of candidates) balancer.add(candidate);
  return (keys: number, gone?: Candidate): Picks => {
    if (gone !== undefined) balancer.remove(gone);
    for (const work of deferred.splice(0)) work();
    return Array.from(
      { length: keys },
      (_, key) => balancer.pick({ key: hashNumber(key), eligible: () => true }),
    );
  };
}

function idle({ id, weight }: BackendSpec): Candidate {
  return { id, weight, load: 0 };
}
