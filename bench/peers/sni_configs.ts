import { haproxyConfig, type Plan, SNI_NAME, weirConfig } from "./plan.ts";
import { nginxTcp } from "./tcp_configs.ts";

/** Weir passing TLS through by name. */
export function weirSni(plan: Plan): string {
  const routes = `    sni_routes: { ${SNI_NAME}: app }\n`;
  return weirConfig({ ...plan, backends: plan.tlsBackends }, "tcp").replace(
    "    upstream: app\n",
    routes,
  );
}

/** HAProxy passing TLS through by name, as its manual shows for `req.ssl_sni`. */
export function haproxySni(plan: Plan): string {
  return haproxyConfig({ ...plan, backends: plan.tlsBackends }, "tcp", {
    defaults: [],
    listen: [
      "tcp-request inspect-delay 5s",
      `tcp-request content accept if { req.ssl_hello_type 1 } { req.ssl_sni -i ${SNI_NAME} }`,
      "tcp-request content reject",
    ],
  });
}

/** NGINX passing TLS through by name. */
export function nginxSni(plan: Plan): string {
  return nginxTcp({ ...plan, backends: plan.tlsBackends })
    .replace(
      "  server {",
      `  map $ssl_preread_server_name $by_name { ${SNI_NAME} app; }\n  server {`,
    )
    .replace("proxy_pass app;", "ssl_preread on; proxy_pass $by_name;");
}
