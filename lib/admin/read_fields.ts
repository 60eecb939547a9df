import { isLogLevel, type LogLevel } from "../core/log.ts";
import { nearest } from "../core/suggest.ts";
import type { BackendState } from "../core/types.ts";
import { RequestError } from "./respond.ts";
import type { BackendPatch } from "./target.ts";

const STATES: readonly BackendState[] = ["ready", "drain", "maintenance"];
const LEVELS: readonly LogLevel[] = ["debug", "info", "warning", "error"];

/** What is to be changed of a backend. @throws {RequestError} */
export function parsePatch(body: unknown): BackendPatch {
  const fields = requireObject(body);
  refuseUnknownKeys(fields, ["weight", "state"]);
  const { weight, state } = fields;
  if (weight === undefined && state === undefined) {
    throw new RequestError(400, 'Nothing to change: "weight" or "state" is required');
  }
  return {
    ...(weight === undefined ? {} : { weight: readWeight(weight) }),
    ...(state === undefined ? {} : { state: readState(state) }),
  };
}

/** The log level that is asked for. @throws {RequestError} */
export function parseLevel(body: unknown): LogLevel {
  const fields = requireObject(body);
  refuseUnknownKeys(fields, ["level"]);
  const level = fields["level"] === "warn" ? "warning" : fields["level"];
  if (isLogLevel(level)) return level;
  throw notAmong("level", LEVELS, level);
}

/** A configuration as text, and what to call it. @throws {RequestError} */
export function parsePlan(body: unknown): { readonly name: string; readonly yaml: string } {
  const fields = requireObject(body);
  refuseUnknownKeys(fields, ["yaml", "name"]);
  const { yaml, name = "configuration" } = fields;
  if (typeof yaml !== "string") throw new RequestError(400, '"yaml" must be text');
  if (typeof name !== "string") throw new RequestError(400, '"name" must be text');
  return { name, yaml };
}

/** The token in the body of a login. @throws {RequestError} */
export function parseLogin(body: unknown): string {
  const fields = requireObject(body);
  refuseUnknownKeys(fields, ["token"]);
  const { token } = fields;
  if (typeof token === "string") return token;
  throw new RequestError(400, '"token" must be text');
}

/** An empty object, which shows that the request comes from no form. @throws {RequestError} */
export function parseNothing(body: unknown): void {
  refuseUnknownKeys(requireObject(body), []);
}

/** @throws {RequestError} when a value is no JSON object */
export function requireObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.fromEntries(Object.entries(value));
  }
  throw new RequestError(400, "Body must be a JSON object");
}

/** @throws {RequestError} naming a key that is not known, and the one that was meant */
export function refuseUnknownKeys(fields: object, known: readonly string[]): void {
  const unknown = Object.keys(fields).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const meant = nearest(unknown, known);
  const all = known.length === 0 ? "there are none" : `known are ${known.join(", ")}`;
  const hint = meant === undefined ? all : `did you mean "${meant}"?`;
  throw new RequestError(400, `Unknown key ${show(unknown)}: ${hint}`);
}

function readWeight(value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 65_535) {
    return value;
  }
  throw new RequestError(
    400,
    `"weight" must be a whole number from 0 to 65535: current value is ${show(value)}`,
  );
}

function readState(value: unknown): BackendState {
  const state = STATES.find((known) => known === value);
  if (state !== undefined) return state;
  throw notAmong("state", STATES, value);
}

function notAmong(name: string, known: readonly string[], value: unknown): RequestError {
  const meant = typeof value === "string" ? nearest(value, known) : undefined;
  const hint = meant === undefined ? "" : ` (did you mean "${meant}"?)`;
  const words = known.map((word) => `"${word}"`).join(", ");
  return new RequestError(
    400,
    `"${name}" must be one of ${words}${hint}: current value is ${show(value)}`,
  );
}

/** What a stranger sent is shown, but not all of a megabyte. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
