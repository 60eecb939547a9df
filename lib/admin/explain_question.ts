import { refuseUnknownKeys, requireObject } from "./read_fields.ts";
import { RequestError } from "./respond.ts";

/** A request to be explained: where it would go, and why. */
export interface ExplainQuestion {
  /** `http://host:port/path?query`, or `tcp://host:port`. */
  readonly url: string;
  /** @default {"GET"} */
  readonly method?: string;
  /** In their order; a name may come again. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** IP address of the client; absent: unknown. */
  readonly client?: string;
  /** Name of the listener; absent: the one with the port of the URL. */
  readonly listener?: string;
}

const TEXTS = ["url", "method", "client", "listener"] as const;

/** Reads a question out of JSON. @throws {RequestError} */
export function parseQuestion(body: unknown): ExplainQuestion {
  const fields = requireObject(body);
  refuseUnknownKeys(fields, [...TEXTS, "headers"]);
  const texts = TEXTS.flatMap((name) => {
    const value = fields[name];
    if (value === undefined) return [];
    if (typeof value !== "string") throw new RequestError(400, `"${name}" must be text`);
    return [[name, value] as const];
  });
  const { url, ...rest } = Object.fromEntries(texts);
  if (url === undefined) throw new RequestError(400, '"url" is required');
  const headers = fields["headers"] === undefined
    ? {}
    : { headers: readHeaders(fields["headers"]) };
  return { url, ...rest, ...headers };
}

/** Either a mapping or a list of pairs. */
function readHeaders(value: unknown): (readonly [string, string])[] {
  const isObject = typeof value === "object" && value !== null;
  const pairs: unknown[] = Array.isArray(value)
    ? value
    : isObject
    ? Object.entries(value)
    : [value];
  return pairs.map((pair) => {
    const [name, text] = Array.isArray(pair) ? pair : [];
    if (typeof name === "string" && typeof text === "string") return [name, text] as const;
    throw new RequestError(400, '"headers" must map names to text, or be a list of such pairs');
  });
}
