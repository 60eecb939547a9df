import { Scenario, type ScenarioOptions, type Settings } from "./scenario.ts";

/** A scenario with one HTTP listener. */
export interface HttpScenarioOptions extends ScenarioOptions {
  /** Threads; one, so that its connections to a backend are easy to count. */
  readonly workers?: number;
}

/** Starts Weir with an HTTP listener, and nobody but its requests connects to the backends. */
export function startHttp(options: HttpScenarioOptions): Promise<Scenario> {
  const { workers = 1, listener, upstream, top } = options;
  return Scenario.start({
    ...options,
    top: { workers, ...top },
    listener: { protocol: "http", ...listener },
    upstream: { ...UNCHECKED, ...upstream },
  });
}

/** No health checks. */
export const UNCHECKED: Settings = { health_check: { type: "none" } };

/** The first failure is the end of it. */
export const NO_RETRY: Settings = { retry: { attempts: 0 } };
