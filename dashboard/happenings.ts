import { byId, element } from "./dom.ts";
import { type Happening, reloadBetween } from "./events.ts";
import { formatClock } from "./format.ts";
import type { StatusLook } from "./status.ts";

/** Lines that a list keeps. */
const MOST_LINES = 100;
/** More than a stream brings at its begin: what it brings again must be known. */
const MOST_SEEN = 1000;
/** What is older when the page first hears of it is not read out. */
const NEWS_MS = 10_000;

/** The lists of events and of reloads. */
export class Happenings {
  readonly #events = byId("events", HTMLElement);
  readonly #reloads = byId("reloads", HTMLElement);
  readonly #announce: (text: string) => void;
  readonly #seen = new Set<string>();
  #status: StatusLook | undefined;

  /** @param announce reads something out */
  constructor(announce: (text: string) => void) {
    this.#announce = announce;
  }

  add(event: Happening): void {
    if (this.#seen.has(event.key)) return;
    this.#seen.add(event.key);
    // Sets hand out what was added first, first.
    for (const key of this.#seen) if (this.#seen.size > MOST_SEEN) this.#seen.delete(key);
    byId("no-events", HTMLElement).hidden = true;
    prepend(this.#events, event);
    if (Date.now() - event.atMs < NEWS_MS) this.#announce(event.text);
  }

  /** Finds out from the status what came of reloads. */
  look(status: StatusLook): void {
    const event = reloadBetween(this.#status, status, Date.now());
    this.#status = status;
    byId("reload-state", HTMLElement).textContent = reloadText(status);
    if (event === undefined) return;
    prepend(this.#reloads, event);
    this.#announce(event.text);
  }
}

function reloadText({ reloads }: StatusLook): string {
  if (reloads === undefined) return "This Weir has nothing to reload from.";
  const { done, refused, problems } = reloads;
  const counts = `Since the start ${done} done, ${refused} refused.`;
  if (problems === undefined) return counts;
  return `${counts} The last was refused, the configuration before it is in force: ${
    problems.join("; ")
  }`;
}

function prepend(list: HTMLElement, { atMs, kind, text, tone }: Happening): void {
  const time = element("time", {
    text: formatClock(atMs / 1000),
    attributes: { datetime: new Date(atMs).toISOString(), title: new Date(atMs).toLocaleString() },
  });
  const word = element("span", { class: `pill ${tone}`, text: kind });
  list.prepend(element("li", {}, time, word, element("span", { text })));
  while (list.children.length > MOST_LINES) list.lastElementChild?.remove();
}
