/**
 * The subjects as TCP balancers that take plain connections and speak TLS with their backends, whose
 * certificates they verify. All use their default versions and suites, which is TLS 1.3.
 */
import { measureIdle, measureRequests } from "./measure.ts";
import { haproxyConfig, MAX_CONNECTIONS, type Plan, SERVER_NAME, weirConfig } from "./plan.ts";
import { type Goal, requestFigures, type Row } from "./row.ts";

const GOAL: Goal = { kind: "ratio", most: 1.35 };
const IDLE_CONNECTIONS = 1000;

/** Rows with TLS on the way to the backends. */
export const REENCRYPT_ROWS: readonly Row[] = [
  {
    id: "reencrypt",
    mode: "reencrypt",
    figures: requestFigures("keep-alive, TLS to backends", GOAL),
    measure: (contestant) => measureRequests(contestant),
  },
  {
    id: "reencrypt-idle",
    mode: "reencrypt",
    figures: [{ id: "memory", title: "idle connection, TLS to backends, KiB", digits: 1 }],
    measure: (contestant) => measureIdle(contestant, IDLE_CONNECTIONS),
  },
];

/** Weir with TLS to backends. */
export function weirReencrypt(plan: Plan): string {
  const tls = `    tls: { server_name: ${SERVER_NAME}, ca: "${plan.caFile}" }\n`;
  return weirConfig({ ...plan, backends: plan.tlsBackends }, "tcp") + tls;
}

/** HAProxy with TLS to backends. */
export function haproxyReencrypt(plan: Plan): string {
  const tls = `ssl verify required ca-file ${plan.caFile} verifyhost ${SERVER_NAME}`;
  return haproxyConfig({ ...plan, backends: plan.tlsBackends }, "tcp")
    .replaceAll(/^( {2}server .*)$/gm, `$1 ${tls} sni str(${SERVER_NAME})`);
}

/** NGINX with TLS to backends. */
export function nginxReencrypt({ port, tlsBackends, threads, directory, caFile }: Plan): string {
  const servers = tlsBackends.map((backend) => `server 127.0.0.1:${backend};`).join(" ");
  return `
worker_processes ${threads};
worker_rlimit_nofile 18000;
pid ${directory}/nginx-reencrypt.pid;
events { worker_connections ${2 * MAX_CONNECTIONS}; }
stream {
  access_log off;
  upstream app { ${servers} }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    proxy_pass app; proxy_timeout 60s;
    proxy_ssl on; proxy_ssl_verify on; proxy_ssl_trusted_certificate ${caFile};
    proxy_ssl_name ${SERVER_NAME}; proxy_ssl_server_name on;
    proxy_ssl_protocols TLSv1.2 TLSv1.3;
  }
}
`;
}
