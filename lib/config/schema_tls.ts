import { list, section } from "./field.ts";
import { alpnName, hsts, pemFile, serverName } from "./tls_values.ts";
import { duration } from "./values.ts";

const certificate = section({
  cert: pemFile("a certificate in PEM").describe(
    "File of the certificate, then those up to the root, in PEM; relative to this file.",
  ),
  key: pemFile("a private key in PEM").describe(
    "File of its private key in PEM, not encrypted; relative to this file.",
  ),
  names: list(serverName()).min(1, { error: "must have at least one name: current value is []" })
    .optional().describe("Names that it is shown for, instead of those in the certificate."),
});

/** How a listener ends TLS. */
export const tls = section({
  certificates: list(certificate)
    .min(1, { error: "must have at least one certificate: current value is []" })
    .describe(
      "Chosen by the name that the client asks for: the same name, else a wildcard, else the first.",
    ),
  handshake_timeout: duration({ from: "above zero" }).prefault("10s")
    .describe("Longest handshake, from the start of the connection."),
  alpn: list(alpnName()).prefault([]).describe(
    "Protocols on offer, the best first (RFC 7301). TCP only: HTTP is http/1.1.",
  ),
  hsts: hsts().optional().describe(
    "Adds Strict-Transport-Security to every answer: a time like 180d, or a mapping with `max_age`, " +
      "`include_subdomains` and `preload`. HTTP only.",
  ),
});
