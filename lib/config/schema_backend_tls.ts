import { parseHost } from "../core/address.ts";
import { field, section } from "./field.ts";
import { choice } from "./values.ts";

/** TLS with backends: `tls` of an upstream. */
export const backendTls = section({
  server_name: backendName().optional().describe(
    "What certificates must be for, and what is asked for by SNI; the host of the backend's " +
      "address unless it is set. An IP address needs a certificate for that address.",
  ),
  ca: pemFile().optional().describe(
    "PEM file of authorities, or of certificates themselves, that are believed beside the " +
      "authorities of the web. Paths are relative to this file.",
  ),
  cert: pemFile().optional().describe("PEM file of the certificate that is shown to backends."),
  key: pemFile().optional().describe("PEM file of its private key."),
  verify: alwaysTrue().prefault(true).describe(
    "Always: the runtime cannot do without. A certificate that no authority signed goes into `ca`.",
  ),
});

/** The PROXY header that connections begin with. */
export function proxyVersion() {
  return choice(["v1", "v2"]);
}

function pemFile() {
  const json = { type: "string", minLength: 1 };
  return field({ title: "path", wanted: "a path of a PEM file", json }, (value) => {
    const usable = typeof value === "string" && value !== "" && !value.includes("\0");
    return usable ? value : undefined;
  });
}

function backendName() {
  const wanted = "a host name or an IP address, like app.internal";
  const json = { type: "string", minLength: 1 };
  return field({ title: "host", wanted, json }, (value) => {
    if (typeof value !== "string" || value === "") return undefined;
    return parseHost(value.replace(/\.$/, ""));
  });
}

/** A key that people look for, with an answer. */
function alwaysTrue() {
  const json = { const: true };
  return field({ title: "true", wanted: "true", json }, (value) => {
    if (value === true || value === "true") return true;
    if (value !== false && value !== "false") return undefined;
    throw new SyntaxError(
      "must be true, because the runtime cannot speak TLS without verification: put the backend's " +
        "own certificate into ca, and the name in it into server_name",
    );
  });
}
