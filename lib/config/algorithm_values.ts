import { ALGORITHM_ALIASES, ALGORITHMS, resolveAlgorithm } from "../balancer/registry.ts";
import { nearest } from "../core/suggest.ts";
import { field } from "./field.ts";
import { TOKEN_PATTERN } from "./http_values.ts";
import type { HashKey } from "./types.ts";

/** An algorithm, by its canonical name. */
export function algorithm() {
  const names = Object.keys(ALGORITHMS);
  const known = [...names, ...Object.keys(ALGORITHM_ALIASES)];
  const wanted = `one of ${names.join(", ")}`;
  return field({ title: "algorithm", wanted, json: { type: "string", enum: known } }, (value) => {
    if (typeof value !== "string") return undefined;
    const canonical = resolveAlgorithm(value);
    if (canonical !== undefined) return canonical;
    const meant = nearest(value, known);
    if (meant === undefined) return undefined;
    throw new SyntaxError(`must be ${wanted} (did you mean "${meant}"?)`);
  });
}

/** What an algorithm goes by that goes by a key. */
export function hashKey() {
  const wanted = "client_ip, path, header:NAME, cookie:NAME or query:NAME";
  const json = {
    type: "string",
    pattern:
      "^(client_ip|path|(header|cookie):[!#$%&'*+\\-.^_`|~0-9A-Za-z]{1,256}|query:[^&=#\\s]{1,256})$",
  };
  return field({ title: "hash key", wanted, json }, (value) => {
    if (typeof value !== "string") return undefined;
    const key = parseHashKey(value);
    if (key !== undefined) return key;
    const kind = value.replace(/:.*$/s, "");
    const meant = nearest(kind, ["client_ip", "path", ...NAMED]);
    if (meant === undefined || meant === kind) return undefined;
    throw new SyntaxError(`must be ${wanted} (did you mean "${value.replace(kind, meant)}"?)`);
  });
}

/** Kinds of keys that have a name. */
const NAMED = ["header", "cookie", "query"] as const;

/** Reads a hash key; `undefined` when the text is none. */
function parseHashKey(text: string): HashKey | undefined {
  if (text === "client_ip" || text === "path") return { kind: text };
  const kind = NAMED.find((named) => text.startsWith(`${named}:`));
  if (kind === undefined) return undefined;
  const name = text.slice(kind.length + 1);
  if (kind === "query") return /^[^&=#\s\p{Cc}]{1,256}$/u.test(name) ? { kind, name } : undefined;
  if (!TOKEN_PATTERN.test(name)) return undefined;
  return { kind, name: kind === "header" ? name.toLowerCase() : name };
}
