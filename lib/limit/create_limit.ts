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

/** All move in small steps, and would take minutes with the second of the original. */
const WINDOW_MS = 100;
/** How far back `gradient` looks for what is usual, where windows do not last longer. */
const USUAL_MS = 600_000;

/** @param random uniform in [0, 1) */
export function createLimit(policy: LimitPolicy, random: () => number): Limit {
  const windowMs = policy.windowMs ?? WINDOW_MS;
  return new WindowedLimit(createAlgorithm({ ...policy, windowMs }, random), { windowMs });
}

function createAlgorithm(
  { algorithm, initial, min, max, timeoutMs, windowMs }: Required<LimitPolicy>,
  random: () => number,
): Limit {
  const bounds = { initial, min, max };
  switch (algorithm) {
    case "aimd":
      return new AimdLimit({ ...bounds, timeoutMs });
    case "vegas":
      return new VegasLimit({ ...bounds, random });
    case "gradient":
      // In windows: the pace at which the limit moves must not be that of what is usual.
      return new GradientLimit({ ...bounds, longWindow: Math.max(1, USUAL_MS / windowMs) });
    case "cubic":
      return new CubicLimit({ ...bounds, timeoutMs });
  }
}
