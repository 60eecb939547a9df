import { AimdLimit } from "./aimd.ts";
import { CubicLimit } from "./cubic.ts";
import { GradientLimit } from "./gradient.ts";
import type { Limit, LimitBounds } from "./limit.ts";
import { VegasLimit } from "./vegas.ts";
import { WindowedLimit } from "./windowed_limit.ts";

/** Names of the algorithms, as the configuration has them. */
export const LIMIT_ALGORITHMS = ["aimd", "vegas", "gradient", "cubic"] as const;

/** How much work a backend is given, as the configuration says. */
export interface LimitPolicy extends LimitBounds {
  readonly algorithm: typeof LIMIT_ALGORITHMS[number];
  /** An answer that took longer counts as none; for `aimd` and `cubic`. Milliseconds. */
  readonly timeoutMs: number;
  /** Shortest time between two changes, in milliseconds; absent: what suits the algorithm. */
  readonly windowMs?: number;
}

/**
 * What is usual is an average of windows for `gradient`, which has to be over minutes; the others
 * move in small steps, and would take minutes with windows of a second.
 */
const WINDOW_MS = { aimd: 100, vegas: 100, cubic: 100, gradient: 1000 } as const;

/** @param random uniform in [0, 1) */
export function createLimit(policy: LimitPolicy, random: () => number): Limit {
  const windowMs = policy.windowMs ?? WINDOW_MS[policy.algorithm];
  return new WindowedLimit(createAlgorithm(policy, random), { windowMs });
}

function createAlgorithm(
  { algorithm, initial, min, max, timeoutMs }: LimitPolicy,
  random: () => number,
): Limit {
  const bounds = { initial, min, max };
  switch (algorithm) {
    case "aimd":
      return new AimdLimit({ ...bounds, timeoutMs });
    case "vegas":
      return new VegasLimit({ ...bounds, random });
    case "gradient":
      return new GradientLimit(bounds);
    case "cubic":
      return new CubicLimit({ ...bounds, timeoutMs });
  }
}
