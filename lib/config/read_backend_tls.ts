import type { KeyObject, X509Certificate } from "node:crypto";
import { messageOf } from "../core/errors.ts";
import type { FileSource } from "./files.ts";
import { type FileDocument, type Item, upstreamsOf } from "./items.ts";
import type { Finding } from "./problem.ts";
import { readText } from "./read.ts";
import { isRecord } from "./substitute.ts";

/** What the files of an upstream's `tls` hold. */
export interface BackendPems {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** The files that upstreams name, read and checked. */
export interface BackendTlsRead {
  /** By name of the upstream. */
  readonly pems: ReadonlyMap<string, BackendPems>;
  readonly findings: readonly Finding[];
  /** Paths of the files. */
  readonly files: readonly string[];
}

/** Reads the files of TLS with backends; the threads that use them may read none. Never rejects. */
export async function readBackendTls(
  documents: readonly FileDocument[],
  files: FileSource,
): Promise<BackendTlsRead> {
  const pems = new Map<string, BackendPems>();
  const findings: Finding[] = [];
  const paths: string[] = [];
  for (const { source, path, value: { tls } } of documents.flatMap(upstreamsOf)) {
    if (!isRecord(tls)) continue;
    const read = await readFiles({ source, path: [...path, "tls"], value: tls }, files);
    pems.set(String(path.at(-1)), read.pems);
    findings.push(...read.findings);
    paths.push(...read.files);
  }
  return { pems, findings, files: paths };
}

type PemKey = keyof BackendPems;

async function readFiles(
  { source, path, value }: Item,
  files: FileSource,
): Promise<{ pems: BackendPems; findings: Finding[]; files: string[] }> {
  const pems: { [Key in PemKey]?: string } = {};
  const findings: Finding[] = [];
  const paths: string[] = [];
  const report = (key: PemKey, message: string) => {
    findings.push({ source, path: [...path, key], message });
  };
  const folder = source.name.slice(0, source.name.lastIndexOf("/") + 1);
  for (const key of ["ca", "cert", "key"] as const) {
    const name = value[key];
    // What is no path is for the schema to say.
    if (typeof name !== "string" || name === "" || name.includes("\0")) continue;
    const file = name.startsWith("/") ? name : folder + name;
    const read = await readText(file, files);
    paths.push(file);
    if (read.ok) pems[key] = read.source.text;
    else report(key, `cannot read "${name}": ${read.message}`);
  }
  await checkPems(pems, report);
  return { pems, findings, files: paths };
}

async function checkPems(pems: BackendPems, report: (key: PemKey, message: string) => void) {
  if (Object.keys(pems).length === 0) return;
  // Loaded only here: who has no certificate is spared its time and memory.
  const crypto = await import("node:crypto");
  const attempt = <T>(key: PemKey, read: (text: string) => T): T | undefined => {
    const text = pems[key];
    try {
      return text === undefined ? undefined : read(text);
    } catch (error) {
      report(key, messageOf(error));
      return undefined;
    }
  };
  const certificates = (text: string) => readCertificates(text, crypto.X509Certificate);
  attempt("ca", certificates);
  const leaf = attempt("cert", certificates)?.[0];
  const secret = attempt("key", (text) => readKey(text, crypto.createPrivateKey));
  if (leaf !== undefined && secret !== undefined && !leaf.checkPrivateKey(secret)) {
    report("key", "must be the private key of the certificate in cert: it is another's");
  }
}

function readCertificates(
  text: string,
  Certificate: new (pem: string) => X509Certificate,
): X509Certificate[] {
  const blocks = text.match(CERTIFICATE_BLOCK) ?? [];
  if (blocks.length === 0) {
    throw new Error('must be a PEM file with "-----BEGIN CERTIFICATE-----": there is none in it');
  }
  return blocks.map((block, index) => {
    try {
      return new Certificate(block);
    } catch {
      throw new Error(`must hold certificates: number ${index + 1} cannot be read`);
    }
  });
}

function readKey(text: string, create: (pem: string) => KeyObject): KeyObject {
  if (/BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(text)) {
    throw new Error("must be a key without a passphrase: `openssl pkey -in FILE` takes it off");
  }
  const [block] = text.match(KEY_BLOCK) ?? [];
  if (block === undefined) {
    throw new Error('must be a PEM file with "-----BEGIN PRIVATE KEY-----": there is none in it');
  }
  try {
    return create(block);
  } catch {
    // What the reader says might quote the key.
    throw new Error("must hold a private key: it cannot be read");
  }
}

const CERTIFICATE_BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
const KEY_BLOCK = /-----BEGIN ([A-Z]+ )?PRIVATE KEY-----[^-]*-----END ([A-Z]+ )?PRIVATE KEY-----/;
