import { field, section } from "./field.ts";
import { TOKEN_PATTERN } from "./http_values.ts";
import type { RateKey } from "./types.ts";
import { duration, wholeNumber } from "./values.ts";

/** How many requests one client may make. */
export const rateLimit = section({
  requests: wholeNumber(1, 1_000_000)
    .describe("Requests allowed in each `per`; over TCP, connections."),
  per: duration({ from: "above zero" }).prefault("1s").describe("The time that `requests` is for."),
  burst: wholeNumber(1, 1_000_000).optional()
    .describe("Most at once after a rest; `requests` unless it is set."),
  key: rateKey().prefault("client_ip").describe(
    "Who has a limit of their own: each `client_ip` (IPv6: each /64), `header:NAME` or `cookie:NAME`; " +
      "a request without such a header or cookie counts by its IP address.",
  ),
});

/** What requests are told apart by. */
function rateKey() {
  const wanted = "client_ip, header:NAME or cookie:NAME";
  const json = {
    type: "string",
    pattern: "^(client_ip|(header|cookie):[!#$%&'*+\\-.^_`|~0-9A-Za-z]{1,256})$",
  };
  return field({ title: "rate key", wanted, json }, (value): RateKey | undefined => {
    if (value === "client_ip") return { kind: "client_ip" };
    const [, kind, name = ""] = /^(header|cookie):(.*)$/s.exec(String(value)) ?? [];
    if (kind === undefined || !TOKEN_PATTERN.test(name)) return undefined;
    return kind === "header"
      ? { kind: "header", name: name.toLowerCase() }
      : { kind: "cookie", name };
  });
}
