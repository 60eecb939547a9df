/** Points that are kept: ten minutes of seconds. */
export const KEPT_POINTS = 600;

/** Names of what is drawn over time. */
export const COLUMNS = [
  "requests",
  "connections",
  "p50",
  "p95",
  "p99",
  "errors",
  "failedAttempts",
  "retries",
  "limited",
  "inFlight",
  "queued",
] as const;

/** One of {@linkcode COLUMNS}. */
export type Column = typeof COLUMNS[number];

/** The values of one moment; what is absent leaves a gap. */
export type Point = Readonly<Partial<Record<Column, number>>>;

/** What was measured of late, as columns that a chart can draw. */
export class History {
  /** Seconds since 1970. */
  readonly times: number[] = [];
  readonly #columns = new Map<Column, (number | null)[]>(COLUMNS.map((name) => [name, []]));

  add(seconds: number, point: Point): void {
    push(this.times, seconds);
    for (const [name, values] of this.#columns) push(values, point[name] ?? null);
  }

  column(name: Column): (number | null)[] {
    return this.#columns.get(name) ?? [];
  }
}

function push<T>(values: T[], value: T): void {
  values.push(value);
  if (values.length > KEPT_POINTS) values.shift();
}
