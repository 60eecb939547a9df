import { list, mapping } from "./field.ts";
import { cidr } from "./http_values.ts";
import { flag, inputFile, name } from "./values.ts";

/** A name in `sni_routes`, for editors. */
const SERVER_NAME_SCHEMA = {
  type: "string",
  pattern: "^(\\*\\.)?[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*\\.?$",
};

/** Which clients a listener or a route is for. */
export const accessSettings = {
  allow: list(cidr()).prefault([])
    .describe("Clients that are let in; everybody unless it or `allow_file` is set."),
  allow_file: inputFile().optional().describe(
    "File with more of them, one to a line and `#` before remarks, relative to the main file.",
  ),
  deny: list(cidr()).prefault([])
    .describe("Clients that are not let in, even if they are allowed."),
  deny_file: inputFile().optional().describe("File with more of them, like `allow_file`."),
};

/** What stands at the start of a listener's connections. */
export const prefaceSettings = {
  proxy_protocol: flag().prefault(false).describe(
    "Connections begin with a PROXY header, version 1 or 2; only those of `trusted_proxies` are " +
      "taken, and the client is the one that the header names.",
  ),
  sni_routes: mapping(name(), SERVER_NAME_SCHEMA, "upstreams").optional().describe(
    "Passes TLS through: upstreams by the server name that a client asks for, like `example.com` " +
      "or `*.example.com`; all others go to `upstream`, or are turned away without one. TCP only.",
  ),
};
