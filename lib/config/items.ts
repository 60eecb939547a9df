import { type Finding, type Path, type Place, showValue, type Source } from "./problem.ts";
import type { PlainDocument } from "./short_forms.ts";
import { isRecord } from "./substitute.ts";

/** One file of a configuration. */
export interface FileDocument {
  readonly source: Source;
  readonly value: PlainDocument;
}

/** One listener, upstream or route of a file, not checked yet. */
export interface Item {
  readonly source: Source;
  readonly path: Path;
  readonly value: PlainDocument;
}

/** A part that must differ from its neighbours. */
export interface Named extends Place {
  /** Two of the same key are a contradiction. */
  readonly key: string;
  readonly shown: unknown;
}

/** Every part that an earlier one has the key of. */
export function repeated(items: readonly (Named | undefined)[], wanted: string): Finding[] {
  const first = new Map<string, Named>();
  const findings: Finding[] = [];
  for (const item of items) {
    if (item === undefined) continue;
    const { key, shown, ...place } = item;
    const also = first.get(key);
    if (also === undefined) {
      first.set(key, item);
      continue;
    }
    findings.push({
      ...place,
      message: `${wanted}: current value is ${showValue(shown)}`,
      also,
    });
  }
  return findings;
}

/** The listeners of a file that are mappings. */
export function listenersOf({ source, value }: FileDocument): Item[] {
  const listeners = value["listeners"];
  if (!Array.isArray(listeners)) return [];
  return listeners.flatMap((listener: unknown, index) => {
    return isRecord(listener) ? [{ source, path: ["listeners", index], value: listener }] : [];
  });
}

/** The upstreams of a file. */
export function upstreamsOf({ source, value }: FileDocument): Item[] {
  const upstreams = value["upstreams"];
  if (!isRecord(upstreams)) return [];
  return Object.entries(upstreams).map(([name, upstream]) => {
    return { source, path: ["upstreams", name], value: isRecord(upstream) ? upstream : {} };
  });
}
