import type { Config, ListenerConfig, UpstreamConfig } from "../config/types.ts";
import type { TableShape } from "../core/shared_table.ts";
import type { BackendSpec } from "../core/types.ts";
import type { Link, MetricShape } from "../metrics/metric_layout.ts";

/** Where the things of a configuration have their cells in shared memory: plain data. */
export interface Layout {
  /** What the memory has room for: at least as much as is in use. */
  readonly shape: TableShape;
  /** Places of the listeners, in the order of the configuration. */
  readonly listeners: readonly number[];
  readonly upstreams: readonly number[];
  /** Places of each upstream's backends. */
  readonly backends: readonly (readonly number[])[];
}

/** A configuration whose things have places of their own choosing. */
export interface PlacedConfig extends Config {
  /** Absent: they have them in order. */
  readonly layout?: Layout;
}

/** A backend with its place in the shared table. */
export interface PlacedBackend {
  readonly spec: BackendSpec;
  readonly index: number;
  readonly upstream: UpstreamConfig;
}

/** A listener or an upstream with its place in the shared table. */
export interface PlacedItem<T> {
  readonly config: T;
  readonly index: number;
}

/** A configuration without the places. */
export function configOf(config: PlacedConfig): Config {
  const { layout: _, ...plain } = config;
  return plain;
}

/** Every listener of a configuration with its place. */
export function placeListeners(config: PlacedConfig): PlacedItem<ListenerConfig>[] {
  const { listeners: places } = layoutOf(config);
  return config.listeners.map((listener, at) => ({ config: listener, index: places[at]! }));
}

/** Every upstream of a configuration with its place. */
export function placeUpstreams(config: PlacedConfig): PlacedItem<UpstreamConfig>[] {
  const { upstreams: places } = layoutOf(config);
  return config.upstreams.map((upstream, at) => ({ config: upstream, index: places[at]! }));
}

/** Every backend of a configuration with its place, in the order of the configuration. */
export function placeBackends(config: PlacedConfig): PlacedBackend[] {
  const { backends } = layoutOf(config);
  return config.upstreams.flatMap((upstream, place) => {
    return upstream.backends.map((spec, at) => ({ spec, index: backends[place]![at]!, upstream }));
  });
}

/** Places of backends that are in one configuration and not in the one after it. */
export function placesLeft(before: PlacedConfig, after: PlacedConfig): number[] {
  const stay = new Set(placeBackends(after).map(({ index }) => index));
  return placeBackends(before).map(({ index }) => index).filter((place) => !stay.has(place));
}

/** Room that the tables of a configuration have. */
export function shapeOf(config: PlacedConfig): TableShape {
  return layoutOf(config).shape;
}

/** Where everything is. */
export function layoutOf(config: PlacedConfig): Layout {
  return config.layout ?? inOrder(config);
}

/** Places in the order of a configuration, and room for nothing else. */
function inOrder({ workers, listeners, upstreams }: Config): Layout {
  let backends = 0;
  return {
    listeners: [...listeners.keys()],
    upstreams: [...upstreams.keys()],
    backends: upstreams.map((upstream) => upstream.backends.map(() => backends++)),
    shape: { workers, backends, upstreams: upstreams.length, listeners: listeners.length },
  };
}

/** What of a configuration is counted for the metrics. */
export function metricShapeOf(config: PlacedConfig): MetricShape {
  const upstreams = placeUpstreams(config);
  const members = Map.groupBy(placeBackends(config), ({ upstream }) => upstream);
  return {
    workers: shapeOf(config).workers,
    listeners: placeListeners(config).map(({ index }) => index),
    upstreams: upstreams.map(({ config: upstream, index }) => {
      return { place: index, backends: (members.get(upstream) ?? []).map(({ index }) => index) };
    }),
    links: placeListeners(config).flatMap((listener) => linksOf(listener, upstreams)),
  };
}

function linksOf(
  { config, index: listener }: PlacedItem<ListenerConfig>,
  upstreams: readonly PlacedItem<UpstreamConfig>[],
): Link[] {
  const names = upstreamsOf(config);
  return upstreams.flatMap(({ config: { name }, index }) => {
    return names.has(name) ? [{ listener, upstream: index }] : [];
  });
}

/** Names of the upstreams that a listener's work may go to. */
export function upstreamsOf(config: ListenerConfig): Set<string> {
  if (config.protocol === "tcp") {
    const routed = config.sni?.routes.map(({ upstream }) => upstream) ?? [];
    return new Set([...routed, config.upstream ?? []].flat());
  }
  const splits = config.routes.flatMap(({ action }) => {
    return action.kind === "forward" ? action.split : [];
  });
  return new Set(splits.map(({ upstream }) => upstream));
}
