import { haproxyConfig, MAX_CONNECTIONS, type Plan, weirConfig } from "./plan.ts";

/** Weir as a TCP balancer. */
export function weirTcp(plan: Plan): string {
  return weirConfig(plan, "tcp");
}

/** HAProxy as a TCP balancer. */
export function haproxyTcp(plan: Plan): string {
  return haproxyConfig(plan, "tcp");
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
