import { coversName } from "../core/server_certificate.ts";
import { besideFile, folderOf } from "./build_tls.ts";
import { type CertificatePair, readPair } from "./certificate.ts";
import { routesOf } from "./check_listeners.ts";
import { type FileSource, isWorldReadable } from "./files.ts";
import { type FileDocument, type Item, listenersOf } from "./items.ts";
import { type Finding, showValue } from "./problem.ts";
import { readText } from "./read.ts";
import { isRecord } from "./substitute.ts";

/** What a look at the certificates found. */
export interface CertificateFindings {
  /** What keeps Weir from starting. */
  readonly problems: readonly Finding[];
  /** What clients will complain of. */
  readonly warnings: readonly Finding[];
}

/** What {@linkcode checkCertificates} takes from outside. */
export interface CertificateCheck {
  readonly files: FileSource;
  /** Milliseconds since 1970. */
  readonly wallMs: number;
}

/** Reads the certificates that the listeners of a file name. The file has passed its schema. */
export async function checkCertificates(
  document: FileDocument,
  check: CertificateCheck,
): Promise<CertificateFindings> {
  const problems: Finding[] = [];
  const warnings: Finding[] = [];
  for (const listener of listenersOf(document)) {
    const { tls } = listener.value;
    const entries = isRecord(tls) && Array.isArray(tls["certificates"]) ? tls["certificates"] : [];
    const own: string[] = [];
    for (const [index, value] of entries.entries()) {
      const path = [...listener.path, "tls", "certificates", index];
      const found = await readEntry({ source: document.source, path, value }, check);
      problems.push(...found.problems);
      warnings.push(...found.warnings);
      own.push(...found.pair?.ownNames ?? []);
    }
    if (own.length > 0) warnings.push(...findUncovered(listener, own));
  }
  return { problems, warnings };
}

interface EntryFindings extends CertificateFindings {
  readonly pair?: CertificatePair;
}

async function readEntry(item: Item, { files, wallMs }: CertificateCheck): Promise<EntryFindings> {
  const { source, path, value } = item;
  const names = Array.isArray(value["names"]) ? value["names"].map(String) : undefined;
  const fileOf = (key: "cert" | "key") => besideFile(folderOf(source.name), String(value[key]));
  const texts: Record<string, string> = {};
  const problems: Finding[] = [];
  const problem = (key: string, message: string): Finding => {
    const shown = `${message}: current value is ${showValue(value[key])}`;
    return { source, path: [...path, key], message: shown };
  };
  for (const key of ["cert", "key"] as const) {
    const read = await readText(fileOf(key), files);
    if (read.ok) texts[key] = read.source.text;
    else problems.push(problem(key, read.message));
  }
  if (problems.length > 0) return { problems, warnings: [] };
  const read = await readPair({ cert: texts["cert"] ?? "", key: texts["key"] ?? "", names });
  if (!read.ok) return { problems: [problem(read.at, read.message)], warnings: [] };
  const warnings = [
    ...findDates(item, read.pair, wallMs),
    ...(names ?? []).flatMap((name, index) => {
      if (isCovered(name, read.pair.ownNames)) return [];
      return [{ source, path: [...path, "names", index], message: notCovered(name) }];
    }),
  ];
  if (await isWorldReadable(fileOf("key"))) {
    const message = "can be read by everybody on this machine";
    warnings.push(problem("key", message));
  }
  return { problems, warnings, pair: read.pair };
}

/** No problem: a balancer that does not start helps nobody whose certificate has just expired. */
function findDates({ source, path }: Item, pair: CertificatePair, wallMs: number): Finding[] {
  const { notBeforeMs, notAfterMs } = pair;
  const message = wallMs >= notAfterMs
    ? `has expired: it was valid until ${day(notAfterMs)}`
    : wallMs < notBeforeMs
    ? `is not valid yet: it will be from ${day(notBeforeMs)}`
    : undefined;
  return message === undefined ? [] : [{ source, path: [...path, "cert"], message }];
}

function day(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}

/** Hosts of routes that clients cannot reach without a warning. */
function findUncovered(listener: Item, own: readonly string[]): Finding[] {
  return routesOf(listener).flatMap(({ source, path, value: { match } }) => {
    const host = isRecord(match) ? match["host"] : undefined;
    if (typeof host !== "string") return [];
    const name = host.toLowerCase().replace(/^\[|\]$|\.$/g, "");
    if (isCovered(name, own)) return [];
    return [{ source, path: [...path, "match", "host"], message: notCovered(host) }];
  });
}

function isCovered(name: string, own: readonly string[]): boolean {
  return own.some((pattern) => coversName(pattern, name.toLowerCase()));
}

function notCovered(name: string): string {
  return `is a name that no certificate covers: current value is ${showValue(name)}`;
}
