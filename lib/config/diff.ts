import { formatAddress } from "../core/address.ts";
import { isSame } from "../core/same.ts";
import type { BackendSpec } from "../core/types.ts";
import type {
  Config,
  HttpListenerConfig,
  ListenerConfig,
  RouteConfig,
  UpstreamConfig,
} from "./types.ts";

/** One setting that another configuration gives another value; absent: it is not set. */
export interface SettingChange {
  /** As in the configuration that the program runs on: `pool.maxIdle`. */
  readonly setting: string;
  readonly from?: unknown;
  readonly to?: unknown;
}

/** A listener or a backend by name and address. */
export interface Named {
  readonly name: string;
  readonly address: string;
}

/** What becomes of the listeners. One that moves closes one address and opens another. */
export interface ListenerDiff {
  readonly opened: readonly Named[];
  readonly closed: readonly Named[];
  readonly changed: readonly ListenerChange[];
}

/** One listener that stays. */
export interface ListenerChange {
  readonly name: string;
  readonly settings: readonly SettingChange[];
  /** By what they match; a route whose match changed is one removed and one added. */
  readonly routes?: RouteDiff;
}

/** What becomes of the routes of a listener. */
export interface RouteDiff {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly { readonly match: string; readonly settings: SettingChange[] }[];
  /** Those that stay are tried in another order. */
  readonly reordered: boolean;
}

/** What becomes of one upstream that stays. */
export interface UpstreamChange {
  readonly name: string;
  readonly settings: readonly SettingChange[];
  readonly backends: {
    /** A backend is itself by name and address: one that moves is removed and added. */
    readonly added: readonly Named[];
    readonly removed: readonly Named[];
    readonly changed: readonly { readonly name: string; readonly settings: SettingChange[] }[];
  };
}

/** How one configuration differs from another. */
export interface ConfigDiff {
  /** Outside of listeners and upstreams. */
  readonly settings: readonly SettingChange[];
  readonly listeners: ListenerDiff;
  readonly upstreams: {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly changed: readonly UpstreamChange[];
  };
}

/** Compares what is in force with what is to come. Secrets are told to differ, and not shown. */
export function diffConfigs(before: Config, after: Config): ConfigDiff {
  const { listeners: _b, upstreams: _bu, ...restBefore } = before;
  const { listeners: _a, upstreams: _au, ...restAfter } = after;
  const upstreams = pair(before.upstreams, after.upstreams, ({ name }) => name);
  return {
    settings: settingChanges(restBefore, restAfter),
    listeners: diffListeners(before.listeners, after.listeners),
    upstreams: {
      added: upstreams.added.map(({ name }) => name),
      removed: upstreams.removed.map(({ name }) => name),
      changed: upstreams.both.flatMap(([old, now]) => diffUpstream(old, now)),
    },
  };
}

/** Whether nothing differs. */
export function isEmptyDiff({ settings, listeners, upstreams }: ConfigDiff): boolean {
  const lists = [settings, ...Object.values(listeners), ...Object.values(upstreams)];
  return lists.every((list) => list.length === 0);
}

function diffListeners(
  before: readonly ListenerConfig[],
  after: readonly ListenerConfig[],
): ListenerDiff {
  const { added, removed, both } = pair(before, after, ({ name }) => name);
  const moved = both.filter(([old, now]) => !isSame(old.address, now.address));
  return {
    opened: [...added, ...moved.map(([, now]) => now)].map(nameListener),
    closed: [...removed, ...moved.map(([old]) => old)].map(nameListener),
    changed: both.flatMap(([old, now]) => diffListener(old, now)),
  };
}

function diffListener(before: ListenerConfig, after: ListenerConfig): ListenerChange[] {
  const settings = settingChanges(withoutRoutes(before), withoutRoutes(after));
  const routes = diffRoutes(routesOf(before), routesOf(after));
  if (settings.length === 0 && routes === undefined) return [];
  return [{ name: after.name, settings, ...(routes && { routes }) }];
}

function withoutRoutes(listener: ListenerConfig): object {
  const { routes: _, ...rest } = { routes: undefined, ...listener };
  return { ...rest, address: formatAddress(listener.address) };
}

function routesOf(listener: ListenerConfig): HttpListenerConfig["routes"] {
  return listener.protocol === "http" ? listener.routes : [];
}

function diffRoutes(
  before: readonly RouteConfig[],
  after: readonly RouteConfig[],
): RouteDiff | undefined {
  const nameOf = ({ match }: RouteConfig) => JSON.stringify(match);
  const { added, removed, both } = pair(before, after, nameOf);
  const changed = both.flatMap(([old, now]) => {
    const settings = settingChanges(old, now);
    return settings.length === 0 ? [] : [{ match: nameOf(now), settings }];
  });
  const order = (routes: readonly RouteConfig[], gone: readonly RouteConfig[]) => {
    return routes.filter((route) => !gone.includes(route)).map(nameOf);
  };
  const reordered = !isSame(order(before, removed), order(after, added));
  if (!reordered && added.length + removed.length + changed.length === 0) return undefined;
  return { added: added.map(nameOf), removed: removed.map(nameOf), changed, reordered };
}

function diffUpstream(before: UpstreamConfig, after: UpstreamConfig): UpstreamChange[] {
  const { backends: mine, ...restBefore } = before;
  const { backends: others, ...restAfter } = after;
  const settings = settingChanges(restBefore, restAfter);
  const { added, removed, both } = pair(mine, others, backendKey);
  const changed = both.flatMap(([old, now]) => {
    const settings = settingChanges(old, now);
    return settings.length === 0 ? [] : [{ name: now.id, settings }];
  });
  if (settings.length + added.length + removed.length + changed.length === 0) return [];
  const backends = { added: added.map(nameBackend), removed: removed.map(nameBackend), changed };
  return [{ name: after.name, settings, backends }];
}

function backendKey({ id, address }: BackendSpec): string {
  return JSON.stringify([id, formatAddress(address)]);
}

function nameBackend({ id, address }: BackendSpec): Named {
  return { name: id, address: formatAddress(address) };
}

function nameListener({ name, address }: ListenerConfig): Named {
  return { name, address: formatAddress(address) };
}

/** Lists are one value: what moved within them cannot be told from what changed. */
function settingChanges(before: unknown, after: unknown, path = ""): SettingChange[] {
  if (isSame(before, after)) return [];
  if (isRecord(before) && isRecord(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => {
      return settingChanges(before[key], after[key], path === "" ? key : `${path}.${key}`);
    });
  }
  const show = (value: unknown) => /\bsecret$/.test(path) && value !== "" ? "(hidden)" : value;
  return [{
    setting: path,
    ...(before === undefined ? {} : { from: show(before) }),
    ...(after === undefined ? {} : { to: show(after) }),
  }];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

interface Paired<T> {
  readonly added: readonly T[];
  readonly removed: readonly T[];
  readonly both: readonly (readonly [before: T, after: T])[];
}

/** Those of the same name belong together: the first with the first, the second with the second. */
function pair<T>(
  before: readonly T[],
  after: readonly T[],
  nameOf: (item: T) => string,
): Paired<T> {
  const known = Map.groupBy(before, nameOf);
  const added: T[] = [];
  const both: (readonly [T, T])[] = [];
  for (const item of after) {
    const old = known.get(nameOf(item))?.shift();
    if (old === undefined) added.push(item);
    else both.push([old, item]);
  }
  return { added, removed: [...known.values()].flat(), both };
}
