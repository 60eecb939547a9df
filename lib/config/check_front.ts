import { nearest } from "../core/suggest.ts";
import { type Item, type Named, repeated } from "./items.ts";
import { type Finding, type Path, showValue } from "./problem.ts";
import { serverName } from "./server_name.ts";
import { isRecord } from "./substitute.ts";
import { NAME_PATTERN } from "./values.ts";

/** Finds what does not fit together in what a listener does before its protocol begins. */
export function checkFront(listener: Item, upstreams: ReadonlySet<string>): Finding[] {
  const { protocol = "tcp" } = listener.value;
  return [
    ...checkTrusted(listener),
    ...(protocol === "tcp" ? checkTcpOnly(listener) : []),
    ...checkSni(listener, upstreams),
  ];
}

/** Whether a listener finds upstreams by the names in TLS hellos. */
export function hasSniRoutes({ value: { sni_routes: routes } }: Item): boolean {
  return isRecord(routes) && Object.keys(routes).length > 0;
}

/** Who may send a PROXY header may claim to be anybody. */
function checkTrusted({ source, path, value }: Item): Finding[] {
  const { proxy_protocol, trusted_proxies: trusted, address } = value;
  const isUnix = typeof address === "string" && address.startsWith("unix:");
  if (!isOn(proxy_protocol) || isUnix || (Array.isArray(trusted) && trusted.length > 0)) return [];
  if (trusted !== undefined && !Array.isArray(trusted)) return [];
  const message = "must name the proxies that may connect, like 10.0.0.0/8, because " +
    "proxy_protocol is true";
  if (trusted !== undefined) {
    const current = `: current value is ${showValue(trusted)}`;
    return [{ source, path: [...path, "trusted_proxies"], message: message + current }];
  }
  return [{ source, path: [...path, "proxy_protocol"], message: `trusted_proxies ${message}` }];
}

/** Settings that a TCP listener has a use for only if something stands before its bytes. */
function checkTcpOnly(listener: Item): Finding[] {
  const { source, path, value: { proxy_protocol, trusted_proxies: trusted, timeouts } } = listener;
  const findings: Finding[] = [];
  const report = (keys: Path, also: string) => {
    const message = `is for HTTP only: must stand in a listener with "protocol: http" or ${also}`;
    findings.push({ source, path: [...path, ...keys], at: "key", message });
  };
  if (trusted !== undefined && !isOn(proxy_protocol)) {
    report(["trusted_proxies"], '"proxy_protocol: true"');
  }
  const isRead = isOn(proxy_protocol) || hasSniRoutes(listener);
  if (isRecord(timeouts) && Object.hasOwn(timeouts, "header") && !isRead) {
    report(["timeouts", "header"], 'with "proxy_protocol: true" or sni_routes');
  }
  return findings;
}

function checkSni(listener: Item, upstreams: ReadonlySet<string>): Finding[] {
  const { source, path, value: { protocol = "tcp", sni_routes: routes, tls } } = listener;
  if (!isRecord(routes) || Object.keys(routes).length === 0) return [];
  const at = [...path, "sni_routes"];
  const findings: Finding[] = [];
  if (protocol === "http") {
    const message = 'is for TCP only: must stand in a listener with "protocol: tcp"';
    findings.push({ source, path: at, at: "key", message });
  }
  if (tls !== undefined) {
    const message = "must not stand beside tls: a connection is passed through, or terminated here";
    findings.push({ source, path: at, at: "key", message });
  }
  const names = Object.keys(routes).map((name): Named | undefined => {
    const key = serverName(name);
    return key === undefined
      ? undefined
      : { key, shown: name, source, path: [...at, name], at: "key" };
  });
  return [
    ...findings,
    ...Object.keys(routes).flatMap((name) => checkName({ source, path: at, value: {} }, name)),
    ...repeated(names, "name must differ from every other, whatever its case"),
    ...Object.entries(routes).flatMap(([name, upstream]): Finding[] => {
      if (typeof upstream !== "string" || !NAME_PATTERN.test(upstream)) return [];
      if (upstreams.has(upstream)) return [];
      const meant = nearest(upstream, upstreams);
      const hint = meant === undefined ? "" : ` (did you mean "${meant}"?)`;
      const message = `must be the name of an upstream${hint}: current value is ${
        showValue(upstream)
      }`;
      return [{ source, path: [...at, name], message }];
    }),
  ];
}

function checkName({ source, path }: Item, name: string): Finding[] {
  if (serverName(name) !== undefined) return [];
  const hint = name === "*" ? '; all other names go to the "upstream" of the listener' : "";
  const message = "name must be a host name in ASCII, like example.com or *.example.com" +
    `${hint}: current value is ${showValue(name)}`;
  return [{ source, path: [...path, name], at: "key", message }];
}

function isOn(flag: unknown): boolean {
  return flag === true || flag === "true";
}
