import { PeerProcess, startHaproxy } from "./peer_processes.ts";
import type { Peer, PeerPaths } from "./peers.ts";

/** A proxy that begins each connection to `server` with a PROXY header. */
export interface ProxyPeer {
  readonly what: string;
  readonly needs: readonly Peer[];
  readonly start: (paths: PeerPaths, server: string) => Promise<PeerProcess>;
}

/** The ways in which proxies that people have do that. */
export const PROXY_PEERS: readonly ProxyPeer[] = [
  {
    what: "HAProxy with send-proxy",
    needs: ["haproxy"],
    start: ({ haproxy }, server) => startHaproxy(haproxy, [`${server} send-proxy`]),
  },
  {
    what: "HAProxy with send-proxy-v2 and all that it can tell",
    needs: ["haproxy"],
    start: ({ haproxy }, server) => {
      const options = "send-proxy-v2 proxy-v2-options crc32c,unique-id,authority";
      return startHaproxy(haproxy, [`${server} ${options}`]);
    },
  },
  {
    what: "NGINX with proxy_protocol",
    needs: ["nginx", "ngx_stream_module.so"],
    start: ({ nginx, "ngx_stream_module.so": module }, server) => {
      return startNginxStream(nginx, module, server);
    },
  },
];

/** NGINX that passes connections on with a PROXY header of version 1. */
function startNginxStream(nginx: string, module: string, server: string): Promise<PeerProcess> {
  return PeerProcess.start(async (address, folder) => {
    const path = await folder.write(
      "nginx.conf",
      [
        `load_module ${module};`,
        "daemon off;",
        "master_process off;",
        `pid ${folder.path}/nginx.pid;`,
        `error_log ${folder.path}/error.log;`,
        "events { worker_connections 256; }",
        "stream {",
        `  server { listen ${address}; proxy_pass ${server}; proxy_protocol on; }`,
        "}",
        "",
      ].join("\n"),
    );
    return { name: "nginx", argv: [nginx, "-p", folder.path, "-c", path] };
  });
}
