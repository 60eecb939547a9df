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
 * Share of the keys, 0 to 1, that change their backend without need when one backend is taken out of
 * the configuration: those that were not on it. `undefined` for an algorithm that does not go by key,
 * and with nothing to remove. (When a backend only goes down, none do.)
 *
 * Asks balancers of its own whose backends are idle.
 */
export function keysMoved(options: KeysMovedOptions): number | undefined {
  const basis = ALGORITHMS[options.algorithm]?.basis;
  const backends = options.backends.filter(({ weight }) => weight > 0);
  const gone = backends[backends.length >> 1];
  if ((basis !== "key" && basis !== "network") || gone === undefined || backends.length < 2) {
    return undefined;
  }
  const before = owners({ ...options, backends });
  const after = owners({ ...options, backends: backends.filter((backend) => backend !== gone) });
  const moved = before.filter((id, key) => id !== gone.id && id !== after[key]);
  return moved.length / options.keys;
}

/** Id of the backend of each key. */
function owners({ algorithm, backends, keys, seed }: KeysMovedOptions): (string | undefined)[] {
  let turn = 0;
  const balancer = createBalancer<Candidate>(algorithm, {
    random: seededRandom(seed),
    nextTurn: () => turn++ >>> 0,
    now: () => 0,
    weightUnit: usualWeight(backends),
    // Tables are built at the first pick, and nothing changes after it.
    defer: () => {},
  });
  for (const candidate of backends.map(idle)) balancer.add(candidate);
  return Array.from(
    { length: keys },
    (_, key) => balancer.pick({ key: hashNumber(key), eligible: () => true })?.id,
  );
}

function idle({ id, weight }: BackendSpec): Candidate {
  return { id, weight, load: 0 };
}
