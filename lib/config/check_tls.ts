import type { Item } from "./items.ts";
import type { Finding } from "./problem.ts";
import { isRecord } from "./substitute.ts";

/** Finds what does not fit together in a listener's `tls` and `https_redirect`. */
export function checkTls(listener: Item): Finding[] {
  const { source, path, value } = listener;
  const { tls, address } = value;
  const findings = checkRedirect(listener);
  if (!isRecord(tls)) return findings;
  if (typeof address === "string" && address.startsWith("unix:")) {
    const message = "must stand in a listener with a TCP address: TLS is not ended on Unix sockets";
    findings.push({ source, path: [...path, "tls"], at: "key", message });
  }
  const isHttp = value["protocol"] === "http";
  const foreign = isHttp ? "alpn" : "hsts";
  if (tls[foreign] !== undefined) {
    const message = isHttp
      ? 'is for TCP only: an HTTP listener speaks "http/1.1"'
      : 'is for HTTP only: must stand in a listener with "protocol: http"';
    findings.push({ source, path: [...path, "tls", foreign], at: "key", message });
  }
  return findings;
}

function checkRedirect({ source, path, value }: Item): Finding[] {
  const { https_redirect: redirect, protocol, tls, upstream } = value;
  if (redirect === undefined || redirect === false || redirect === "false") return [];
  const wrong = (message: string): Finding[] => {
    return [{ source, path: [...path, "https_redirect"], at: "key", message }];
  };
  if (protocol !== "http") {
    return wrong('is for HTTP only: must stand in a listener with "protocol: http"');
  }
  if (tls !== undefined) return wrong("must stand in a listener without tls: this one has it");
  if (upstream === undefined) return [];
  return wrong("must not stand beside an upstream: every request would be sent to https before it");
}
