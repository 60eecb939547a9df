import { normalizePath } from "../core/request_path.ts";
import { routesOf } from "./check_listeners.ts";
import { type FileDocument, type Item, listenersOf } from "./items.ts";
import type { Finding, Path, Source } from "./problem.ts";
import { isRecord } from "./substitute.ts";

/**
 * Finds routes that never get a request, because all that match them match an earlier one. Not all
 * of them: only what follows from comparing one condition with one other.
 */
export function findUnreachable(document: FileDocument): Finding[] {
  return listenersOf(document).filter(({ value }) => value["protocol"] === "http")
    .flatMap(findInListener);
}

/** A place in the order of a listener's routes. */
interface Entry {
  readonly source: Source;
  readonly path: Path;
  readonly match: Readonly<Record<string, unknown>>;
}

function findInListener(listener: Item): Finding[] {
  const { source, path, value: { upstream } } = listener;
  const routes = routesOf(listener).map((route): Entry => {
    const match = route.value["match"];
    return { source, path: route.path, match: isRecord(match) ? match : {} };
  });
  const last: Entry[] = upstream === undefined
    ? []
    : [{ source, path: [...path, "upstream"], match: {} }];
  const earlier = new Map<string, Filed[]>();
  const findings: Finding[] = [];
  for (const entry of [...routes, ...last]) {
    const implied = impliedBy(entry.match);
    const taker = [ANY, ...implied].flatMap((condition) => earlier.get(condition) ?? [])
      .find(({ conditions }) => conditions.every((condition) => implied.has(condition)));
    if (taker !== undefined) findings.push(describe(entry, taker.entry));
    const conditions = conditionsOf(entry.match);
    // Filed under one condition only: who does not imply that one cannot be taken by it.
    const key = conditions[0] ?? ANY;
    const filed = earlier.get(key) ?? [];
    filed.push({ entry, conditions });
    earlier.set(key, filed);
  }
  return findings;
}

interface Filed {
  readonly entry: Entry;
  readonly conditions: readonly string[];
}

const ANY = "any request";

function describe({ source, path }: Entry, taker: Entry): Finding {
  const message = "never gets a request: an earlier route matches all that it matches";
  return { source, path, message, also: { source: taker.source, path: taker.path } };
}

/** What a match asks for, one text per condition, those that set routes apart most first. */
function conditionsOf(match: Entry["match"]): string[] {
  const { host, path, path_prefix, path_regex, methods } = match;
  const conditions: string[] = [];
  if (typeof path === "string") conditions.push(`path ${normalizePath(path)}`);
  const prefix = typeof path_prefix === "string" ? withoutSlash(normalizePath(path_prefix)) : "";
  if (prefix !== "") conditions.push(`prefix ${prefix}`);
  if (typeof host === "string") conditions.push(`host ${host.toLowerCase().replace(/\.$/, "")}`);
  if (typeof path_regex === "string") conditions.push(`regex ${path_regex}`);
  if (Array.isArray(methods)) conditions.push(`methods ${[...new Set(methods)].sort().join(" ")}`);
  for (const [name, value] of pairs(match["headers"])) {
    conditions.push(`header ${name.toLowerCase()}: ${value}`);
  }
  for (const [name, value] of pairs(match["query"])) {
    conditions.push(`query ${encodeURIComponent(name.toWellFormed())}=${value}`);
  }
  return conditions;
}

/** All conditions that hold whenever those of a match do, as far as one follows from one. */
function impliedBy(match: Entry["match"]): ReadonlySet<string> {
  const implied = new Set(conditionsOf(match));
  // A set hands out what is added while it is walked, so one step up at a time is enough.
  for (const condition of implied) {
    for (const weaker of weakerThan(condition)) implied.add(weaker);
  }
  return implied;
}

/** What follows from one condition, one step up. */
function weakerThan(condition: string): string[] {
  const space = condition.indexOf(" ");
  const kind = condition.slice(0, space);
  const rest = condition.slice(space + 1);
  if (kind === "path") return rest === "/" ? [] : [`prefix ${withoutSlash(rest)}`];
  if (kind === "prefix") {
    const above = rest.slice(0, rest.lastIndexOf("/"));
    return above === "" ? [] : [`prefix ${above}`];
  }
  if (kind === "host") {
    const dot = rest.indexOf(".", rest.startsWith("*.") ? 2 : 0);
    return dot < 0 || rest.startsWith("[") ? [] : [`host *${rest.slice(dot)}`];
  }
  if (kind === "header") return [`${kind} ${rest.slice(0, rest.indexOf(":"))}: *`];
  return kind === "query" ? [`${kind} ${rest.slice(0, rest.indexOf("="))}=*`] : [];
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, "");
}

function pairs(mapping: unknown): [string, unknown][] {
  return isRecord(mapping) ? Object.entries(mapping) : [];
}
