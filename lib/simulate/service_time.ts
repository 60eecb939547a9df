/** How service times are spread about their mean. */
export const DISTRIBUTIONS = [
  "constant",
  "exponential",
  "lognormal",
  "pareto",
  "bimodal",
] as const;
export type Distribution = typeof DISTRIBUTIONS[number];

/** What a server of speed 1 needs for a request. */
export interface ServiceTime {
  readonly distribution: Distribution;
  /** Milliseconds, above 0. */
  readonly meanMs: number;
  /**
   * `lognormal`: sigma of the logarithm, above 0. `pareto`: alpha of the tail, above 1; below 2 the
   * variance is infinite. `bimodal`: how many times longer one request in ten takes, 1 or more. The
   * others have no shape. @default {@linkcode DEFAULT_SHAPES}
   */
  readonly shape?: number;
}

export const DEFAULT_SHAPES: Readonly<Record<Distribution, number | undefined>> = {
  constant: undefined,
  exponential: undefined,
  lognormal: 1,
  pareto: 2.5,
  bimodal: 10,
};

/** Share of the long ones of `bimodal`. */
const LONG_SHARE = 0.1;

/**
 * Draws service times in milliseconds. Each draw takes the same number of random numbers, so that
 * two runs with one seed stay in step.
 */
export function serviceTimes(service: ServiceTime, random: () => number): () => number {
  const { distribution, meanMs, shape = DEFAULT_SHAPES[distribution] ?? 0 } = service;
  switch (distribution) {
    case "constant":
      return () => meanMs;
    case "exponential":
      return exponential(meanMs, random);
    case "lognormal":
      return lognormal(meanMs, shape, random);
    case "pareto":
      return pareto(meanMs, shape, random);
    case "bimodal":
      return bimodal(meanMs, shape, random);
  }
}

/** Draws times between events that know nothing of each other. */
export function exponential(meanMs: number, random: () => number): () => number {
  // 1 - random() is never 0, whose logarithm is no number.
  return () => -meanMs * Math.log(1 - random());
}

function lognormal(meanMs: number, sigma: number, random: () => number): () => number {
  const mu = Math.log(meanMs) - sigma * sigma / 2;
  return () => {
    // Box and Muller; the second number of the pair is not kept.
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    return Math.exp(mu + sigma * radius * Math.cos(2 * Math.PI * random()));
  };
}

function pareto(meanMs: number, alpha: number, random: () => number): () => number {
  const leastMs = meanMs * (alpha - 1) / alpha;
  return () => leastMs * (1 - random()) ** (-1 / alpha);
}

function bimodal(meanMs: number, factor: number, random: () => number): () => number {
  const shortMs = meanMs / (1 - LONG_SHARE + LONG_SHARE * factor);
  return () => random() < LONG_SHARE ? shortMs * factor : shortMs;
}
