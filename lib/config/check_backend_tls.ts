import type { Item } from "./items.ts";
import { type Finding, type Path, showValue } from "./problem.ts";
import { isRecord } from "./substitute.ts";

/** Finds settings of how connections to backends begin that do not fit together. */
export function checkOpening(item: Item): Finding[] {
  const { source, path, value: { tls, proxy_protocol: version, pool, health_check: check } } = item;
  const find = (key: Path, message: string): Finding => ({
    source,
    path: [...path, ...key],
    at: "key",
    message,
  });
  const findings: Finding[] = [];
  if (version !== undefined && isRecord(pool) && Number(pool["warm"]) > 0) {
    const warm = showValue(pool["warm"]);
    findings.push(find(
      ["proxy_protocol"],
      `must not stand beside pool.warm, ${warm}: a connection that is opened ahead of its client ` +
        "cannot name it",
    ));
  }
  if (isRecord(check) && check["tls"] !== undefined && tls === undefined) {
    findings.push(find(["health_check", "tls"], "must stand beside tls of the upstream"));
  }
  return isRecord(tls) ? [...findings, ...checkTls(item, tls, find)] : findings;
}

function checkTls(
  { value: { backends, proxy_protocol: version } }: Item,
  { cert, key }: Readonly<Record<string, unknown>>,
  find: (key: Path, message: string) => Finding,
): Finding[] {
  const findings: Finding[] = [];
  if (cert !== undefined && key === undefined) {
    findings.push(find(["tls", "cert"], "must stand beside key, the file of its private key"));
  }
  if (key !== undefined && cert === undefined) {
    findings.push(find(["tls", "key"], "must stand beside cert, the file of its certificate"));
  }
  if (version !== undefined && cert !== undefined) {
    findings.push(find(
      ["proxy_protocol"],
      "must not stand beside tls.cert: the runtime can send nothing before TLS there",
    ));
  }
  const unix = Array.isArray(backends) ? backends.findIndex(isUnix) : -1;
  if (unix !== -1) {
    const message =
      `must not stand beside backends[${unix}], a Unix socket: the runtime has no TLS ` +
      "over those";
    findings.push(find(["tls"], message));
  }
  return findings;
}

function isUnix(backend: unknown): boolean {
  return isRecord(backend) && String(backend["address"]).startsWith("unix:");
}
