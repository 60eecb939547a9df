/** HAProxy needs two descriptors a connection; 20,000 may be open. */
export const MAX_CONNECTIONS = 8000;

/** What TLS clients ask for: a name that resolves to this machine everywhere. */
export const SNI_NAME = "localhost";

/** What the subjects ask TLS backends for. */
export const SERVER_NAME = "backend.test";

/** Where a subject finds its configuration. */
export interface Files {
  readonly directory: string;
  readonly config: string;
}

/** What a configuration is made of. */
export interface Plan extends Files {
  readonly port: number;
  readonly backends: readonly number[];
  /** The same backends with TLS. */
  readonly tlsBackends: readonly number[];
  /** The authority of their certificate. */
  readonly caFile: string;
  readonly threads: number;
}

/** Weir as a balancer of that protocol. @param more lines of the listener */
export function weirConfig(
  { backends, threads, port }: Plan,
  protocol: "tcp" | "http",
  more: readonly string[] = [],
): string {
  const list = backends.map((backend) => `{ address: "127.0.0.1:${backend}" }`).join(", ");
  return `
workers: ${threads}
listeners:
  - name: bench
    address: "127.0.0.1:${port}"
    protocol: ${protocol}
    upstream: app
    limits: { max_connections: 20000 }
${more.map((line) => `    ${line}\n`).join("")}upstreams:
  app:
    algorithm: round_robin
    backends: [${list}]
    health_check: { type: none }
`;
}

/** What HAProxy is told of that mode, in its defaults and in its only section. */
export interface HaproxyLines {
  readonly defaults: readonly string[];
  readonly listen: readonly string[];
  /** Words after the address. */
  readonly bind?: string;
}

/** HAProxy as a balancer of that mode. */
export function haproxyConfig(
  { port, backends, threads }: Plan,
  mode: "tcp" | "http",
  lines: HaproxyLines = { defaults: [], listen: [] },
): string {
  return [
    "global",
    `  nbthread ${threads}`,
    `  maxconn ${MAX_CONNECTIONS}`,
    "defaults",
    `  mode ${mode}`,
    ...lines.defaults.map((line) => `  ${line}`),
    `  maxconn ${MAX_CONNECTIONS}`,
    "  timeout connect 5s",
    "  timeout client 60s",
    "  timeout server 60s",
    "listen bench",
    `  bind 127.0.0.1:${port}${lines.bind === undefined ? "" : ` ${lines.bind}`}`,
    "  balance roundrobin",
    ...lines.listen.map((line) => `  ${line}`),
    ...backends.map((backend, i) => `  server s${i} 127.0.0.1:${backend}`),
    "",
  ].join("\n");
}
