import type { ClientTls } from "../core/client_tls.ts";
import type { BackendPems } from "./read_backend_tls.ts";
import type { UpstreamSettings } from "./schema.ts";

/** How connections to the backends of an upstream begin. */
export function buildOpening(
  { tls, proxy_protocol: version }: UpstreamSettings,
  pems: BackendPems = {},
): { tls?: ClientTls; proxyProtocol?: 1 | 2 } {
  return {
    ...(tls === undefined ? {} : { tls: buildTls(tls.server_name, pems) }),
    ...(version === undefined ? {} : { proxyProtocol: version === "v1" ? 1 : 2 }),
  };
}

function buildTls(serverName: string | undefined, { ca, cert, key }: BackendPems): ClientTls {
  return {
    ...(serverName === undefined ? {} : { serverName }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { identity: { cert, key } }),
  };
}
