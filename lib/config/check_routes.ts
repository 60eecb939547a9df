import { parseHost } from "../core/address.ts";
import { TOKEN_PATTERN } from "./http_values.ts";
import { type Item, type Named, repeated } from "./items.ts";
import { type Finding, showValue } from "./problem.ts";
import { isRecord } from "./substitute.ts";

/** What a route does with a request; each has one. */
const ACTIONS = ["upstream", "split", "redirect", "respond"] as const;

/** What changes a request on its way, and means nothing where none is sent. */
const FORWARD_KEYS = ["rewrite", "request_headers", "timeout"] as const;

/** Statuses whose answers have no content (RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5). */
const EMPTY_STATUSES: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * Fields that say where a message ends and what the connection does next. Weir writes them itself:
 * changed by hand, they would make one message look like two.
 */
const FRAMING_FIELDS: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Finds what does not fit together in one route. */
export function checkRoute(route: Item): Finding[] {
  const { source, path, value: { match, request_headers, response_headers } } = route;
  const below = (value: unknown, ...keys: string[]): Item => {
    return { source, path: [...path, ...keys], value: isRecord(value) ? value : {} };
  };
  const changes = [
    ...checkChanges(below(request_headers, "request_headers")),
    ...checkChanges(below(response_headers, "response_headers")),
  ];
  return [
    ...checkAction(route),
    ...checkSplit(route),
    ...checkRespond(below(route.value["respond"], "respond")),
    ...checkNames(below(isRecord(match) ? match["headers"] : undefined, "match", "headers")),
    ...changes,
    ...checkHost(below(request_headers, "request_headers")),
  ];
}

function checkAction({ source, path, value }: Item): Finding[] {
  const given = ACTIONS.filter((key) => Object.hasOwn(value, key));
  const [action] = given;
  if (action === undefined) {
    return [{ source, path, message: `must have one of ${ACTIONS.join(", ")}` }];
  }
  if (given.length > 1) {
    const message = `must have exactly one of ${ACTIONS.join(", ")}: ` +
      `current value has ${given.join(" and ")}`;
    return [{ source, path, message }];
  }
  if (action === "upstream" || action === "split") return [];
  return FORWARD_KEYS.filter((key) => Object.hasOwn(value, key)).map((key): Finding => {
    const message = `must stand in a route with upstream or split: with ${action} nothing is sent`;
    return { source, path: [...path, key], at: "key", message };
  });
}

function checkSplit({ source, path, value: { split } }: Item): Finding[] {
  if (!isRecord(split)) return [];
  const weights = Object.values(split);
  const message = weights.length === 0
    ? "must have at least one upstream: current value is {}"
    : `must have a weight above 0: current value is ${showValue(split)}`;
  const isUsable = weights.some((weight) => Number(weight) !== 0);
  return isUsable ? [] : [{ source, path: [...path, "split"], message }];
}

function checkRespond({ source, path, value: { status, body } }: Item): Finding[] {
  if (!EMPTY_STATUSES.has(Number(status)) || body === undefined || body === "") return [];
  const message = `must be empty: an answer with status ${status} has no content: ` +
    `current value is ${showValue(body)}`;
  return [{ source, path: [...path, "body"], message }];
}

/** Names of fields are keys: a token each, and each only once whatever its case. */
export function checkNames({ source, path, value }: Item): Finding[] {
  const names = Object.keys(value);
  const wrong = names.filter((name) => !TOKEN_PATTERN.test(name)).map((name): Finding => {
    const message = `name must be a name of a header field, like X-Env: current value is ${
      showValue(name)
    }`;
    return { source, path: [...path, name], at: "key", message };
  });
  const places = names.map((name): Named => {
    return { key: name.toLowerCase(), shown: name, source, path: [...path, name], at: "key" };
  });
  return [...wrong, ...repeated(places, "name must differ from every other, whatever its case")];
}

function checkChanges({ source, path, value: { set, add, remove } }: Item): Finding[] {
  const mappings = [["set", set], ["add", add]] as const;
  const findings: Finding[] = [];
  for (const [key, mapping] of mappings) {
    if (!isRecord(mapping)) continue;
    const item: Item = { source, path: [...path, key], value: mapping };
    findings.push(...checkNames(item));
    for (const name of Object.keys(mapping).filter(isFraming)) {
      const message = explainFraming(name);
      findings.push({ source, path: [...item.path, name], at: "key", message });
    }
  }
  if (!Array.isArray(remove)) return findings;
  for (const [index, name] of remove.entries()) {
    if (!isFraming(name)) continue;
    findings.push({ source, path: [...path, "remove", index], message: explainFraming(name) });
  }
  return findings;
}

/** Whether Weir alone writes that field. */
export function isFraming(name: unknown): name is string {
  return typeof name === "string" && FRAMING_FIELDS.has(name.toLowerCase());
}

/** Why a field must not be set by hand. */
export function explainFraming(name: string): string {
  return `must be no field that frames messages, which Weir writes itself: current value is ${
    showValue(name)
  }`;
}

/** RFC 9112 section 3.2: a request has exactly one Host. */
function checkHost({ source, path, value: { set, add, remove } }: Item): Finding[] {
  const findings: Finding[] = [];
  for (const [index, name] of (Array.isArray(remove) ? remove : []).entries()) {
    if (!isHost(name)) continue;
    const message = "must not be Host, which every request has: set it to change it";
    findings.push({ source, path: [...path, "remove", index], message });
  }
  for (const name of isRecord(add) ? Object.keys(add).filter(isHost) : []) {
    const message = "must not be Host, which a request has only once: set it to change it";
    findings.push({ source, path: [...path, "add", name], at: "key", message });
  }
  if (!isRecord(set)) return findings;
  for (const [name, value] of Object.entries(set)) {
    if (!isHost(name) || typeof value !== "string" || isAuthority(value)) continue;
    const message = `must be a host, like example.com or example.com:8080: current value is ${
      showValue(value)
    }`;
    findings.push({ source, path: [...path, "set", name], message });
  }
  return findings;
}

function isHost(name: unknown): boolean {
  return typeof name === "string" && name.toLowerCase() === "host";
}

function isAuthority(value: string): boolean {
  const [, host = "", port = "80"] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(value) ?? [];
  try {
    return host !== "" && parseHost(host) !== "" && Number(port) <= 65_535;
  } catch {
    // No host: the caller says so.
    return false;
  }
}
