import { readAddressLists } from "./address_lists.ts";
import { checkTokenFile } from "./admin_token.ts";
import { buildConfig } from "./build.ts";
import { folderOf } from "./build_tls.ts";
import { checkBackendIds, checkTogether } from "./check.ts";
import { checkCertificates } from "./check_certificates.ts";
import { type LoadEnvironment, systemEnvironment } from "./files.ts";
import { includeFolders, readIncluded } from "./include.ts";
import type { FileDocument } from "./items.ts";
import { parseYaml } from "./parse.ts";
import { type Finding, formatProblem, type Problem, showValue, type Source } from "./problem.ts";
import { readBackendTls } from "./read_backend_tls.ts";
import { readText } from "./read.ts";
import { findingsOf, resolveFindings } from "./report.ts";
import { fullSchema, includedSchema, type IncludedSettings } from "./schema.ts";
import {
  foreignKeys,
  type PlainDocument,
  shortAddress,
  type ShortForm,
  shortFormOf,
} from "./short_forms.ts";
import { isRecord, substitute } from "./substitute.ts";
import type { Config } from "./types.ts";
import { findUnreachable } from "./unreachable.ts";

export { formatProblem, formatProblems, type Problem } from "./problem.ts";
export { type LoadEnvironment, systemEnvironment };

/** What loading a configuration came to. */
export type LoadResult = Loaded | NotLoaded;

/** A configuration that can be run. */
export interface Loaded {
  readonly ok: true;
  readonly config: Config;
  /** Parts that are right but not honoured by this version, each with its place. */
  readonly warnings: readonly string[];
  /** The configuration in full form and in one piece; defaults are not filled in. */
  readonly expanded: PlainDocument;
  /** Every file that was read, the main one first. */
  readonly files: readonly string[];
  /** Where these files are, and where `include` looks for others. */
  readonly folders: readonly string[];
}

/** Everything that is wrong, in the order of the text. */
export interface NotLoaded {
  readonly ok: false;
  readonly problems: readonly Problem[];
}

/** Reads and checks a configuration file. Rejects for no mistake of the operator. */
export async function loadConfig(
  path: string,
  environment: LoadEnvironment = systemEnvironment(),
): Promise<LoadResult> {
  const read = await readText(path, environment.files);
  if (read.ok) return await loadSource(read.source, environment);
  const message = read.message === "file does not exist" ? MISSING : read.message;
  return { ok: false, problems: [{ file: path, path: "", message }] };
}

const MISSING = 'file does not exist: write one with the sections "listeners" and "upstreams", ' +
  "see config/weir.yaml for an example, or name another one with --config FILE";

/**
 * Checks a configuration in memory.
 *
 * @param name stands in messages in place of a file name, and `include` is relative to it
 */
export async function loadConfigText(
  name: string,
  text: string,
  environment: LoadEnvironment,
): Promise<LoadResult> {
  return await loadSource({ name, text }, environment);
}

async function loadSource(source: Source, environment: LoadEnvironment): Promise<LoadResult> {
  const { document, findings } = await readDocument(source, environment);
  if (document === undefined) return await refuse(findings);
  const form = shortFormOf(document.value);
  if (form !== undefined) return await loadShort(form, { document, findings, environment });
  return await loadFull({ document, findings, environment });
}

interface Loading {
  readonly document: FileDocument;
  readonly findings: readonly Finding[];
  readonly environment: LoadEnvironment;
}

async function loadFull({ document, findings, environment }: Loading): Promise<LoadResult> {
  const included = await readIncluded(document, environment.files);
  const reads = await Promise.all(
    included.sources.map((source) => readDocument(source, environment)),
  );
  const others = reads.flatMap((read) => read.document ?? []);
  const lists = await readAddressLists([document, ...others], environment.files);
  const complete = others.length === reads.length && included.findings.length === 0;
  const backendTls = await readBackendTls([document, ...others], environment.files);
  const main = fullSchema.safeParse(document.value);
  const parts = others.map(checkIncluded);
  const all = [
    ...findings,
    ...included.findings,
    ...lists.findings,
    ...reads.flatMap((read) => read.findings),
    ...(main.success ? [] : findingsOf(document.source, main.error)),
    ...parts.flatMap((part) => part.findings),
    ...backendTls.findings,
    // With a file missing, what the others refer to may be in there.
    ...(complete ? checkTogether([document, ...others]) : []),
    ...await checkTokenFile(document, environment.files),
  ];
  if (all.length > 0 || !main.success) return await refuse(all);
  const documents = [document, ...others];
  const checks = documents.map((file) => {
    return checkCertificates(file, { files: environment.files, wallMs: Date.now() });
  });
  const certificates = await Promise.all(checks);
  const problems = certificates.flatMap((found) => found.problems);
  if (problems.length > 0) return await refuse(problems);
  const warnings = await resolveFindings([
    ...documents.flatMap(findUnreachable),
    ...certificates.flatMap((found) => found.warnings),
  ]);
  return {
    ok: true,
    config: buildConfig({
      main: main.data,
      included: parts.flatMap((part) => part.settings ?? []),
      folders: documents.map(({ source }) => folderOf(source.name)),
      cores: environment.cores,
      lists: lists.sets,
      pems: backendTls.pems,
      file: document.source.name,
    }),
    warnings: warnings.map(formatProblem),
    expanded: mergeDocuments(document, others),
    files: [...documents.map((file) => file.source.name), ...lists.files, ...backendTls.files],
    folders: includeFolders(document),
  };
}

async function loadShort(form: ShortForm, loading: Loading): Promise<LoadResult> {
  const { document: { source, value }, environment } = loading;
  const foreign = foreignKeys(form, value);
  const own = Object.fromEntries(Object.entries(value).filter(([key]) => !foreign.includes(key)));
  const result = form.schema.safeParse(own);
  const backends = Array.isArray(own["backends"]) ? own["backends"] : [];
  const findings = [
    ...loading.findings,
    ...foreign.map((key): Finding => {
      const message =
        `must not be mixed with the short form "${form.key}": write it all in full form`;
      return { source, path: [key], at: "key", message };
    }),
    ...(result.success ? [] : findingsOf(source, result.error)),
    ...checkBackendIds({ source, path: ["backends"] }, backends, (backend) => {
      const id = shortAddress(form, backend);
      return id === undefined ? undefined : { id, path: [form.hostKey] };
    }),
  ];
  if (findings.length > 0) return await refuse(findings);
  const expanded = form.expand(own);
  const full = fullSchema.safeParse(expanded);
  // What a short form accepts, the full form accepts too; if not, saying so beats a stack trace.
  if (!full.success) return await refuse(findingsOf({ ...source, text: "" }, full.error));
  return {
    ok: true,
    config: buildConfig({
      main: full.data,
      included: [],
      folders: [],
      cores: environment.cores,
      file: "",
    }),
    warnings: [],
    expanded,
    files: [source.name],
    folders: includeFolders(loading.document),
  };
}

async function refuse(findings: readonly Finding[]): Promise<NotLoaded> {
  return { ok: false, problems: await resolveFindings(findings) };
}

interface DocumentRead {
  readonly document?: FileDocument;
  readonly findings: readonly Finding[];
}

async function readDocument(source: Source, environment: LoadEnvironment): Promise<DocumentRead> {
  const parsed = await parseYaml(source);
  if (!("value" in parsed)) return { findings: parsed.findings };
  const { value, findings } = substitute(source, parsed.value, environment.variable);
  const all = [...parsed.findings, ...findings];
  if (isRecord(value)) return { document: { source, value }, findings: all };
  const message = `top level must be a mapping with sections such as "listeners": ` +
    `current value is ${showValue(value)}`;
  return { findings: [...all, { source, path: [], message }] };
}

function checkIncluded(
  { source, value }: FileDocument,
): { settings?: IncludedSettings; findings: Finding[] } {
  const { include, ...rest } = value;
  const result = includedSchema.safeParse(rest);
  const findings = result.success ? [] : findingsOf(source, result.error);
  if (include !== undefined) {
    const message = "must not stand in a file that is included itself";
    findings.push({ source, path: ["include"], at: "key", message });
  }
  return result.success ? { settings: result.data, findings } : { findings };
}

/** One document in place of several, with `include` done. */
function mergeDocuments(main: FileDocument, others: readonly FileDocument[]): PlainDocument {
  const documents = [main, ...others].map((document) => document.value);
  const settings = Object.entries(main.value).filter(([key]) => key !== "include");
  return {
    ...Object.fromEntries(settings),
    listeners: documents.flatMap(({ listeners }) => Array.isArray(listeners) ? listeners : []),
    upstreams: Object.assign({}, ...documents.map((document) => document["upstreams"] ?? {})),
  };
}
