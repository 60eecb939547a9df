import type { Config, UpstreamConfig } from "../config/types.ts";
import type { TableShape } from "../core/shared_table.ts";
import type { BackendSpec } from "../core/types.ts";

/** A backend with its place in the shared table. */
export interface PlacedBackend {
  readonly spec: BackendSpec;
  readonly index: number;
  readonly upstream: UpstreamConfig;
}

/** Every backend of a configuration in the order that gives it its place in the shared table. */
export function placeBackends(config: Config): PlacedBackend[] {
  return config.upstreams
    .flatMap((upstream) => upstream.backends.map((spec) => ({ spec, upstream })))
    .map((backend, index) => ({ ...backend, index }));
}

/** Room that a configuration needs in the shared table. */
export function shapeOf(config: Config): TableShape {
  return {
    workers: config.workers,
    backends: placeBackends(config).length,
    upstreams: config.upstreams.length,
    listeners: config.listeners.length,
  };
}
