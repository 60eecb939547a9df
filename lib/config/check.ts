import { formatAddress, parseAddress } from "../core/address.ts";
import { checkAdminToken } from "./admin_token.ts";
import { checkAlgorithms } from "./check_algorithms.ts";
import { checkHealth } from "./check_health.ts";
import { checkOpening } from "./check_backend_tls.ts";
import { checkConcurrency } from "./check_limits.ts";
import { checkListeners } from "./check_listeners.ts";
import {
  type FileDocument,
  type Item,
  listenersOf,
  type Named,
  repeated,
  upstreamsOf,
} from "./items.ts";
import { type Finding, type Path, type Place, showValue } from "./problem.ts";
import { isRecord } from "./substitute.ts";
import { DEFAULT_MAX_IDLE } from "./schema_http.ts";
import { NAME_PATTERN, NAME_WANTED } from "./values.ts";

/**
 * Finds contradictions between parts that are right by themselves. Parts that are wrong are passed
 * over: the schema reports those, in the same run.
 */
export function checkTogether(documents: readonly FileDocument[]): Finding[] {
  const listeners = documents.flatMap(listenersOf);
  const upstreams = documents.flatMap(upstreamsOf);
  return [
    ...checkPresent(documents),
    ...repeated(listeners.map(placeOfName), "name must differ from every other listener"),
    ...repeated(listeners.map(placeOfAddress), "must differ from every other listener"),
    ...documents.flatMap((document) => checkAdmin(document, listeners)),
    ...documents.flatMap(checkAdminToken),
    ...checkListeners(listeners, new Set(upstreams.map(({ path }) => String(path.at(-1))))),
    ...repeated(upstreams.map(placeOfUpstream), "upstream must be defined only once"),
    ...upstreams.flatMap(checkUpstreamName),
    ...upstreams.flatMap(checkBackends),
    ...upstreams.flatMap(checkPool),
    ...upstreams.flatMap(checkHealth),
    ...upstreams.flatMap(checkOpening),
    ...upstreams.flatMap(checkConcurrency),
    ...checkAlgorithms(listeners, upstreams),
  ];
}

/** Finds backends that are the same server, or have the same name, within one list. */
export function checkBackendIds(
  place: Place,
  backends: readonly unknown[],
  idOf: (backend: unknown) => { id: string; path: Path } | undefined,
): Finding[] {
  const named = backends.map((backend, index): Named | undefined => {
    const found = idOf(backend);
    if (found === undefined) return undefined;
    return {
      key: found.id,
      shown: found.id,
      source: place.source,
      path: [...place.path, index, ...found.path],
    };
  });
  return repeated(named, "must differ from every other backend of the upstream");
}

/** Listeners and upstreams may stand in any of the files, but somewhere they must. */
function checkPresent(documents: readonly FileDocument[]): Finding[] {
  const [main] = documents;
  if (main === undefined) return [];
  const missing = (key: string, isEmpty: (value: unknown) => boolean, message: string) => {
    if (!documents.every(({ value }) => value[key] === undefined || isEmpty(value[key]))) return [];
    const current = main.value[key] === undefined
      ? "" // Nothing to show.
      : `: current value is ${showValue(main.value[key])}`;
    return [{ source: main.source, path: [key], message: message + current }];
  };
  return [
    ...missing(
      "listeners",
      (value) => Array.isArray(value) && value.length === 0,
      "must have at least one listener",
    ),
    ...missing(
      "upstreams",
      (value) => isRecord(value) && Object.keys(value).length === 0,
      "must have at least one upstream",
    ),
  ];
}

function placeOfName({ source, path, value }: Item): Named | undefined {
  const { name, address } = value;
  // A name of its own may also clash with a neighbour that goes by its address.
  if (typeof name === "string") return { key: name, shown: name, source, path: [...path, "name"] };
  if (name !== undefined || typeof address !== "string") return undefined;
  return { key: address, shown: address, source, path: [...path, "address"] };
}

function placeOfAddress({ source, path, value }: Item): Named | undefined {
  const key = socketKey(value["address"]);
  if (key === undefined) return undefined;
  return { key, shown: value["address"], source, path: [...path, "address"] };
}

function placeOfUpstream({ source, path }: Item): Named {
  const name = String(path.at(-1));
  return { key: name, shown: name, source, path, at: "key" };
}

function checkAdmin({ source, value }: FileDocument, listeners: readonly Item[]): Finding[] {
  const admin = value["admin"];
  const address = isRecord(admin) ? admin["address"] : undefined;
  const key = socketKey(address);
  if (key === undefined) return [];
  // A listener on every interface would share the port with the admin listener without an error.
  const everywhere = key.replace(/^.*:(?=\d+$)/, "*:");
  const other = listeners.find(({ value: { address } }) => {
    const taken = socketKey(address);
    return taken === key || taken === everywhere;
  });
  if (other === undefined) return [];
  const message = `must differ from every listener: current value is ${showValue(address)}`;
  const also = { source: other.source, path: [...other.path, "address"] };
  return [{ source, path: ["admin", "address"], message, also }];
}

function checkUpstreamName({ source, path }: Item): Finding[] {
  const name = String(path.at(-1));
  if (NAME_PATTERN.test(name)) return [];
  const message = `name must be ${NAME_WANTED}: current value is ${showValue(name)}`;
  return [{ source, path, at: "key", message }];
}

function checkBackends({ source, path, value }: Item): Finding[] {
  const backends = value["backends"];
  if (!Array.isArray(backends)) return [];
  return checkBackendIds({ source, path: [...path, "backends"] }, backends, (backend) => {
    if (!isRecord(backend)) return undefined;
    const { name, address } = backend;
    if (typeof name === "string") return { id: name, path: ["name"] };
    const id = name === undefined ? canonicalAddress(address) : undefined;
    return id === undefined ? undefined : { id, path: ["address"] };
  });
}

/** What is more than may lie idle would be opened and closed over and over. */
function checkPool({ source, path, value: { pool } }: Item): Finding[] {
  if (!isRecord(pool)) return [];
  const { warm, max_idle: maxIdle = DEFAULT_MAX_IDLE } = pool;
  if (!(Number(warm) > Number(maxIdle))) return [];
  const message = `must be at most max_idle, ${showValue(maxIdle)}: current value is ${
    showValue(warm)
  }`;
  return [{ source, path: [...path, "pool", "warm"], message }];
}

/** What two listeners cannot both have: `*` stands for every interface of either family. */
function socketKey(address: unknown): string | undefined {
  const text = canonicalAddress(address);
  // Paths tell upper from lower case; host names do not.
  if (text === undefined || text.startsWith("unix:")) return text;
  return text.toLowerCase().replace(/^(\[::\]|0\.0\.0\.0):/, "*:");
}

function canonicalAddress(address: unknown): string | undefined {
  if (typeof address !== "string") return undefined;
  try {
    return formatAddress(parseAddress(address));
  } catch {
    // Not an address: the schema says so.
    return undefined;
  }
}
