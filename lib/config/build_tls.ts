import type { ListenerSettings } from "./schema.ts";
import type { HttpsRedirectConfig, TlsConfig } from "./types_tls.ts";

/** Protocol of HTTP/1.1 in a handshake (RFC 7301 section 6). */
const HTTP_ALPN = ["http/1.1"] as const;

/**
 * The part of a listener that has to do with TLS.
 *
 * @param folder of the file that it stands in, with a slash at the end; empty: the working directory
 */
export function buildTls(
  { tls, protocol }: ListenerSettings,
  folder: string,
): { readonly tls?: TlsConfig } {
  if (tls === undefined) return {};
  const { certificates, handshake_timeout: handshakeTimeoutMs, alpn, hsts } = tls;
  return {
    tls: {
      certificates: certificates.map(({ cert, key, names }) => ({
        cert: besideFile(folder, cert),
        key: besideFile(folder, key),
        ...(names === undefined ? {} : { names }),
      })),
      handshakeTimeoutMs,
      alpn: protocol === "http" ? [...HTTP_ALPN] : alpn,
      ...(hsts === undefined ? {} : { hsts }),
    },
  };
}

/** Where an HTTP listener sends the requests that no route takes; absent: nowhere. */
export function buildHttpsRedirect(
  { https_redirect: redirect }: ListenerSettings,
): HttpsRedirectConfig | undefined {
  if (redirect === undefined || !redirect.isOn) return undefined;
  const { port, status } = redirect;
  return { port, status };
}

/** A path that a configuration file names: relative to that file. */
export function besideFile(folder: string, path: string): string {
  return path.startsWith("/") ? path : folder + path;
}

/** Folder of a file, with a slash at the end; empty for one in the working directory. */
export function folderOf(file: string): string {
  return file.slice(0, file.lastIndexOf("/") + 1);
}
