import { messageOf } from "../core/errors.ts";

/** A backend was reached, but no TLS came of it; the message says what does not match. */
export class TlsFailure extends Error {
  override readonly name = "TlsFailure";
}

/**
 * What a failed handshake with a backend comes to, in words that say what to mend.
 *
 * @param error as the runtime throws it: it has no codes, so its text has to do
 * @param serverName what the certificate was to be for
 */
export function explainTlsFailure(error: unknown, serverName: string): TlsFailure {
  const text = messageOf(error);
  const known = REASONS.find(([pattern]) => pattern.test(text));
  const reason = explainName(text, serverName) ?? known?.[1] ?? text;
  return new TlsFailure(`TLS failed: ${reason}`, { cause: error });
}

function explainName(text: string, serverName: string): string | undefined {
  if (!/not valid for (any )?name/i.test(text) && !/NotValidForName/.test(text)) return undefined;
  const names = [...text.matchAll(/(?:DnsName\("([^"]*)"\)|IpAddress\(([^)]*)\))/g)]
    .map(([, dns, ip]) => `"${dns ?? ip}"`);
  const others = names.length === 0 ? "" : ` but for ${names.join(", ")}`;
  return `certificate is not for "${serverName}"${others}`;
}

/** Texts of rustls and webpki, as `Deno.TlsConn.handshake` passes them on. */
const REASONS: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/UnknownIssuer/, "issuer of the certificate is not known: `tls.ca` names private ones"],
  [/BadSignature/, "certificate is not signed by the authority that it names"],
  [/certificate.*not valid yet|NotValidYet/i, "certificate is not valid yet"],
  [/peer certificate: .*expired/i, "certificate has expired"],
  [/Revoked/, "certificate is revoked"],
  [/CaUsedAsEndEntity/, "certificate is an authority's own, not a server's (CA:TRUE)"],
  [/InvalidPurpose|ExtendedKeyUsage/i, "certificate is not meant for servers"],
  [/InvalidContentType/, "what came is not TLS: the backend seems to speak without it"],
  [/unexpected end of file|close_notify/i, "backend closed the connection in the handshake"],
  [/Connection reset|broken pipe/i, "backend broke the connection in the handshake"],
  [/fatal alert: CertificateRequired/, "backend asks for a certificate: set `tls.cert`, `tls.key`"],
];
