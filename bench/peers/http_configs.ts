/**
 * The subjects as HTTP balancers: all of them keep connections to the backends open, share them
 * between clients, and add the same fields: to requests `X-Forwarded-For`, `-Proto` and `-Host`,
 * `Forwarded`, `Via` and an `X-Request-Id`, to answers `Via`. Weir always does; the others are told.
 */
import { nginxTempPaths } from "./backends.ts";
import { certificateFiles } from "./certificate.ts";
import {
  haproxyConfig,
  type HaproxyLines,
  MAX_CONNECTIONS,
  type Plan,
  weirConfig,
} from "./plan.ts";

/** Weir as an HTTP balancer. */
export function weirHttp(plan: Plan): string {
  return weirConfig(plan, "http");
}

/** HAProxy as an HTTP balancer. */
export function haproxyHttp(plan: Plan): string {
  return haproxyConfig(plan, "http", HAPROXY_LINES);
}

/** Weir with TLS in front. */
export function weirHttps(plan: Plan): string {
  const { cert, key } = certificateFiles(plan.directory);
  return weirConfig(plan, "http", [`tls: { certificates: [{ cert: ${cert}, key: ${key} }] }`]);
}

/** HAProxy with TLS in front. */
export function haproxyHttps(plan: Plan): string {
  const { both } = certificateFiles(plan.directory);
  return haproxyConfig(plan, "http", { ...HAPROXY_LINES, bind: `ssl crt ${both}` });
}

/** NGINX with TLS in front. */
export function nginxHttps(plan: Plan): string {
  const { cert, key } = certificateFiles(plan.directory);
  const ssl = `ssl; ssl_certificate ${cert}; ssl_certificate_key ${key};`;
  return nginxHttp(plan).replace("backlog=4096;", `backlog=4096 ${ssl}`);
}

const HAPROXY_LINES: HaproxyLines = {
  defaults: [
    "option forwardfor",
    "unique-id-format %[uuid()]",
    "unique-id-header X-Request-Id",
    // By default the first request of a client has a connection of its own: the others share here.
    "http-reuse always",
    "timeout http-keep-alive 60s",
  ],
  listen: [
    "http-request set-header X-Forwarded-Proto http",
    "http-request set-header X-Forwarded-Host %[req.hdr(host)]",
    'http-request set-header Forwarded "for=%[src];host=\\"%[req.hdr(host)]\\";proto=http"',
    'http-request add-header Via "1.1 haproxy"',
    'http-response add-header Via "1.1 haproxy"',
  ],
};

/** NGINX as an HTTP balancer. */
export function nginxHttp({ port, backends, threads, directory }: Plan): string {
  const servers = backends.map((backend) => `server 127.0.0.1:${backend};`).join(" ");
  // Without the last three, large bodies go by way of the disk.
  return `
worker_processes ${threads};
worker_rlimit_nofile 18000;
pid ${directory}/nginx-http.pid;
events { worker_connections ${2 * MAX_CONNECTIONS}; }
http {
  access_log off;
  ${nginxTempPaths(`${directory}/nginx-http`)}
  keepalive_requests 1000000000;
  keepalive_timeout 60s;
  upstream app { ${servers} keepalive 64; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto http;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header Forwarded 'for=$remote_addr;host="$http_host";proto=http';
      proxy_set_header Via "1.1 nginx";
      proxy_set_header X-Request-Id $request_id;
      add_header Via "1.1 nginx";
      proxy_max_temp_file_size 0;
      client_body_buffer_size 64k;
      client_max_body_size 0;
    }
  }
}
`;
}
