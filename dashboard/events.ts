import type { Tone } from "./rows.ts";
import type { StatusLook } from "./status.ts";

/** Something that happened, ready to be read. */
export interface Happening {
  /** Tells it apart from the others; numbers begin anew with the process, times do not. */
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly kind: string;
  readonly text: string;
  readonly tone: Tone;
}

/** Types of events that the stream sends, other than `stats`. */
export const EVENT_TYPES = [
  "health",
  "ejection",
  "circuit",
  "override",
  "panic",
  "worker_restart",
  "log_level",
  "reload",
  "draining",
] as const;

type Fields = Readonly<Record<string, unknown>>;

/** Puts an event into words. @param id of the stream; @param data JSON text of it */
export function readEvent(type: string, id: string, data: string): Happening | undefined {
  const fields = parseFields(data);
  if (fields === undefined) return undefined;
  const atMs = Date.parse(textOf(fields, "at"));
  if (Number.isNaN(atMs)) return undefined;
  const kind = type.replaceAll("_", " ");
  return { key: `${id} ${fields["at"]}`, atMs, kind, ...sentence(type, fields) };
}

/** What changed in how reloads went; nothing while there is no look before. */
export function reloadBetween(
  before: StatusLook | undefined,
  after: StatusLook,
  atMs: number,
): Happening | undefined {
  const [earlier, later] = [before?.reloads, after.reloads];
  if (earlier === undefined || later === undefined) return undefined;
  const key = `reload ${later.done} ${later.refused}`;
  if (later.refused > earlier.refused) {
    const problem = later.problems?.[0] ?? "the configuration has a problem";
    return { key, atMs, kind: "reload", tone: "bad", text: `Refused: ${problem}` };
  }
  if (later.done === earlier.done) return undefined;
  return { key, atMs, kind: "reload", tone: "good", text: `Configuration ${later.done} in force` };
}

function sentence(type: string, fields: Fields): { text: string; tone: Tone } {
  const backend = `${textOf(fields, "upstream")}/${textOf(fields, "backend")}`;
  const reason = textOf(fields, "reason");
  const because = reason === "" ? "" : `: ${reason}`;
  switch (type) {
    case "health":
      if (fields["up"] === true) return { text: `${backend} is up${because}`, tone: "good" };
      return { text: `${backend} is down${because}`, tone: "bad" };
    case "ejection":
      if (fields["ejected"] !== true) return { text: `${backend} is back${because}`, tone: "good" };
      return { text: `${backend} is held off${because}`, tone: "bad" };
    case "circuit":
      return circuitSentence(backend, textOf(fields, "circuit"), because);
    case "override":
      return {
        text: `${backend} is set to ${textOf(fields, "state")}, weight ${textOf(fields, "weight")}`,
        tone: "off",
      };
    case "panic":
      return panicSentence(textOf(fields, "upstream"), fields["panic"] === true);
    case "worker_restart":
      return { text: `Thread ${textOf(fields, "worker")} was replaced${because}`, tone: "bad" };
    case "log_level":
      return { text: `The log level is ${textOf(fields, "level")}`, tone: "off" };
    case "draining":
      return { text: "Weir is about to end: no new connections", tone: "warn" };
    default:
      return { text: plain(fields), tone: "off" };
  }
}

function circuitSentence(backend: string, circuit: string, because: string) {
  const tones: Readonly<Record<string, Tone>> = { closed: "good", half_open: "warn" };
  const words = circuit.replaceAll("_", " ");
  return { text: `Circuit of ${backend} is ${words}${because}`, tone: tones[circuit] ?? "bad" };
}

function panicSentence(upstream: string, isPanic: boolean): { text: string; tone: Tone } {
  if (isPanic) return { text: `${upstream} is in panic: too few backends are well`, tone: "bad" };
  return { text: `${upstream} is out of panic`, tone: "good" };
}

/** What this page knows no words for. */
function plain(fields: Fields): string {
  const known = Object.keys(fields).filter((name) => name !== "at");
  return known.map((name) => `${name} ${textOf(fields, name)}`).join(", ");
}

function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  if (value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function parseFields(data: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    // Not from this program: there is nothing to show.
    return undefined;
  }
}
