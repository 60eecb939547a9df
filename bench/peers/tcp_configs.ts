import { MAX_CONNECTIONS, type Plan, weirUpstream } from "./plan.ts";

/** Weir as a TCP balancer. */
export function weirTcp(plan: Plan): string {
  return `
workers: ${plan.threads}
listeners:
  - name: bench
    address: "127.0.0.1:${plan.port}"
    protocol: tcp
    upstream: app
    limits: { max_connections: 20000 }
${weirUpstream(plan)}`;
}

/** HAProxy as a TCP balancer. */
export function haproxyTcp({ port, backends, threads }: Plan): string {
  const servers = backends.map((backend, i) => `  server s${i} 127.0.0.1:${backend}`).join("\n");
  return `
global
  nbthread ${threads}
  maxconn ${MAX_CONNECTIONS}
defaults
  mode tcp
  maxconn ${MAX_CONNECTIONS}
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen bench
  bind 127.0.0.1:${port}
  balance roundrobin
${servers}
`;
}

/** NGINX as a TCP balancer. */
export function nginxTcp({ port, backends, threads, directory }: Plan): string {
  const servers = backends.map((backend) => `server 127.0.0.1:${backend};`).join(" ");
  return `
worker_processes ${threads};
worker_rlimit_nofile 18000;
pid ${directory}/nginx-tcp.pid;
events { worker_connections ${2 * MAX_CONNECTIONS}; }
stream {
  access_log off;
  upstream app { ${servers} }
  server { listen 127.0.0.1:${port} backlog=4096; proxy_pass app; proxy_timeout 60s; }
}
`;
}
