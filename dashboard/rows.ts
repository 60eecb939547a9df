import type { BackendLoad, Model } from "./model.ts";
import type { BackendLook, StatusLook } from "./status.ts";

/** How something is to be taken: shown as a colour, and always as a word too. */
export type Tone = "good" | "warn" | "bad" | "off";

/** One line of the table of backends. */
export interface BackendRow extends BackendLoad {
  readonly upstream: string;
  readonly backend: BackendLook;
  readonly word: string;
  readonly tone: Tone;
  /** Why it is so; empty when there is nothing to say. */
  readonly why: string;
}

/** What the table can be put in order by. */
export const SORT_KEYS = [
  "name",
  "state",
  "phi",
  "inFlight",
  "weight",
  "share",
  "rate",
  "failures",
] as const;

/** One of {@linkcode SORT_KEYS}. */
export type SortKey = typeof SORT_KEYS[number];

/** What of the table is to be seen. */
export interface Wish {
  /** Each word of it has to stand in the name, the address, the upstream or the state. */
  readonly filter: string;
  /** Absent: as the configuration has them. */
  readonly sort?: { readonly key: SortKey; readonly descending: boolean };
  /** From 0; one that is too high means the last. */
  readonly page: number;
}

/** Lines of one page: more would cost, and nobody reads them. */
export const PAGE_ROWS = 50;

/** What of the table is shown. */
export interface Shown {
  readonly rows: readonly BackendRow[];
  /** Number of lines that pass the filter, before they were cut into pages. */
  readonly found: number;
  readonly all: number;
  readonly page: number;
  readonly pages: number;
}

/** All lines of the table, in the order of the configuration. */
export function backendRows(model: Model): BackendRow[] {
  return (model.status?.upstreams ?? []).flatMap(({ name: upstream, backends }) => {
    return backends.map((backend) => ({
      upstream,
      backend,
      ...stateOf(backend),
      ...model.loadOf(upstream, backend.id),
    }));
  });
}

/** What matters most about a backend now, in a word. */
export function stateOf(
  { state, up, health, ejected, circuit, weight }: BackendLook,
): Pick<BackendRow, "word" | "tone" | "why"> {
  const why = health?.reason ?? "";
  if (state === "maintenance") return { word: "maintenance", tone: "off", why: "" };
  if (!up) return { word: "down", tone: "bad", why };
  if (state === "drain") return { word: "drain", tone: "off", why: "" };
  if (ejected) return { word: "ejected", tone: "bad", why: "held off by outlier detection" };
  if (circuit === "open") return { word: "circuit open", tone: "bad", why: "too many failures" };
  if (circuit === "half_open") return { word: "half open", tone: "warn", why: "on trial" };
  if (weight === 0) return { word: "weight 0", tone: "off", why: "" };
  return { word: "up", tone: "good", why };
}

/** Gets new work, as far as its state goes. */
export function isAvailable({ state, up, ejected, circuit, weight }: BackendLook): boolean {
  return state === "ready" && up && !ejected && circuit !== "open" && weight > 0;
}

/** How many of an upstream's backends get new work, but for one. */
export function othersAvailable(status: StatusLook, upstream: string, backend: string): number {
  const found = status.upstreams.find(({ name }) => name === upstream);
  return (found?.backends ?? []).filter((one) => one.id !== backend && isAvailable(one)).length;
}

/** What is wished to be seen of all lines. */
export function show(all: readonly BackendRow[], { filter, sort, page: wanted }: Wish): Shown {
  const words = filter.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const found = words.length === 0 ? [...all] : all.filter((row) => {
    const text = textOf(row);
    return words.every((word) => text.includes(word));
  });
  if (sort !== undefined) {
    const sign = sort.descending ? -1 : 1;
    found.sort((a, b) => sign * compare(a, b, sort.key));
  }
  const pages = Math.max(1, Math.ceil(found.length / PAGE_ROWS));
  const page = Math.max(0, Math.min(wanted, pages - 1));
  const rows = found.slice(page * PAGE_ROWS, (page + 1) * PAGE_ROWS);
  return { rows, found: found.length, all: all.length, page, pages };
}

function textOf({ upstream, backend: { id, address }, word }: BackendRow): string {
  return `${upstream}/${id} ${address} ${word}`.toLowerCase();
}

function compare(a: BackendRow, b: BackendRow, key: SortKey): number {
  const byName = () => NAMES.compare(nameOf(a), nameOf(b));
  if (key === "name") return byName();
  if (key === "state") return TONES.indexOf(a.tone) - TONES.indexOf(b.tone) || byName();
  return numberOf(a, key) - numberOf(b, key) || byName();
}

function numberOf(row: BackendRow, key: Exclude<SortKey, "name" | "state">): number {
  if (key === "phi") return row.backend.health?.phi ?? -1;
  if (key === "inFlight" || key === "weight") return row.backend[key];
  return row[key] ?? 0;
}

function nameOf({ upstream, backend }: BackendRow): string {
  return `${upstream}/${backend.id}`;
}

/** Best first, so that the other way round shows what is wrong. */
const TONES: readonly Tone[] = ["good", "off", "warn", "bad"];
/** `b10` after `b9`; one object, because making it costs more than comparing. */
const NAMES = new Intl.Collator("en", { numeric: true });
