import type { ReloadKind } from "../admin/change_result.ts";
import { type ConfigDiff, diffConfigs } from "../config/diff.ts";
import { networkList } from "../config/permissions.ts";
import type { Config } from "../config/types.ts";
import { canTakeInPlace } from "./generation.ts";
import { countKeyMoves, type KeyMove } from "./key_moves.ts";
import type { Status } from "./status.ts";

/** What a reload would do. */
export interface ChangePlan {
  readonly how: ReloadKind;
  readonly changes: ConfigDiff;
  /** What the threads may open: `HOST:PORT`, or the path of a socket. */
  readonly permissions: { readonly gained: readonly string[]; readonly lost: readonly string[] };
  /** Upstreams that go by keys and are changed. */
  readonly keys: readonly KeyMove[];
  /** Settings that differ, and that a reload does not take on. */
  readonly needRestart: readonly string[];
  /** What is open now and has a time to end; absent where no running Weir was asked. */
  readonly draining?: Draining;
  readonly warnings: readonly string[];
}

/** What is open on what would be no more. */
export interface Draining {
  /** Connections of clients to listeners that close. */
  readonly listeners: readonly { readonly name: string; readonly open: number }[];
  /** Work in flight on backends that are removed. */
  readonly backends: readonly { readonly name: string; readonly inFlight: number }[];
  /** Connections that stay with threads that are replaced until they end; 0 in place. */
  readonly withFormerThreads: number;
}

/** Says what would come of putting another configuration in force, and does nothing of it. */
export function planChange(before: Config, after: Config, status?: Status): ChangePlan {
  const changes = diffConfigs(before, after);
  const how = canTakeInPlace(before, after) ? "in_place" : "new_threads";
  const [mine, others] = [allowedBy(before), allowedBy(after)];
  return {
    how,
    changes,
    permissions: { gained: minus(others, mine), lost: minus(mine, others) },
    keys: countKeyMoves(before, after),
    needRestart: changes.settings.map(({ setting }) => setting).filter(needsRestart),
    ...(status === undefined ? {} : { draining: drainingOf(changes, how, status) }),
    warnings: [],
  };
}

function drainingOf(changes: ConfigDiff, how: ReloadKind, status: Status): Draining {
  const closed = new Set(changes.listeners.closed.map(({ name }) => name));
  const { removed, changed } = changes.upstreams;
  const gone = new Set(changed.flatMap(({ name, backends }) => {
    return backends.removed.map((backend) => `${name}/${backend.name}`);
  }));
  const backends = status.upstreams.flatMap(({ name: upstream, backends }) => {
    return backends.map(({ id, inFlight }) => ({ upstream, name: `${upstream}/${id}`, inFlight }));
  });
  const open = status.listeners.map(({ name, active }) => ({ name, open: active }));
  return {
    listeners: open.filter(({ name }) => closed.has(name)),
    backends: backends.filter(({ upstream, name }) => gone.has(name) || removed.includes(upstream))
      .map(({ name, inFlight }) => ({ name, inFlight })),
    withFormerThreads: how === "in_place" ? 0 : open.reduce((sum, { open }) => sum + open, 0),
  };
}

function allowedBy(config: Config): Set<string> {
  if (!config.sandbox) return new Set(["everything"]);
  const { listen, connect, unixPaths } = networkList(config);
  return new Set([
    ...listen,
    ...connect.filter((entry) => !entry.startsWith("unix:")),
    ...unixPaths,
  ]);
}

function minus(some: ReadonlySet<string>, others: ReadonlySet<string>): string[] {
  return [...some].filter((entry) => !others.has(entry));
}

function needsRestart(setting: string): boolean {
  return /^congestionControl\b/.test(setting);
}
