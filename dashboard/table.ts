import { byId, element, setAttribute, setChildren, setText } from "./dom.ts";
import { keyOf } from "./counters.ts";
import { Line, type LineActions } from "./table_line.ts";
import { type BackendRow, show, SORT_KEYS, type SortKey, type Wish } from "./rows.ts";

const TITLES: Readonly<Record<SortKey, string>> = {
  name: "Backend",
  state: "State",
  phi: "Phi",
  inFlight: "In flight",
  weight: "Weight",
  share: "Share",
  rate: "Work/s",
  failures: "Failed/s",
};
/** Lines change places this often at most while nobody points at them, in milliseconds. */
const REORDER_MS = 5000;

/** The table of backends: filtered, in order, in pages. */
export class BackendTable {
  readonly #body = element("tbody", { attributes: { role: "rowgroup" } });
  readonly #lines = new Map<string, Line>();
  readonly #heads = new Map<SortKey, HTMLElement>();
  readonly #filter = byId("filter", HTMLInputElement);
  readonly #sort = byId("sort", HTMLSelectElement);
  readonly #actions: LineActions;
  #wish: Wish = { filter: "", page: 0 };
  #rows: readonly BackendRow[] = [];
  /** Keys in the order in which they are shown. */
  #order: readonly string[] = [];
  #orderedMs = -REORDER_MS;

  constructor(actions: LineActions) {
    this.#actions = actions;
    const attributes = { role: "table", "aria-labelledby": "backends-title" };
    byId("table", HTMLElement).append(element("table", { attributes }, this.#head(), this.#body));
    this.#filter.addEventListener(
      "input",
      () => this.#want({ filter: this.#filter.value, page: 0 }),
    );
    this.#startSort();
    this.#turnBy("previous", -1);
    this.#turnBy("next", 1);
  }

  /** @param nowMs monotonic */
  take(rows: readonly BackendRow[], nowMs: number): void {
    this.#rows = rows;
    const isBusy = this.#body.matches(":hover, :focus-within");
    if (!isBusy && nowMs - this.#orderedMs >= REORDER_MS) {
      this.#orderedMs = nowMs;
      this.#reorder();
    } else {
      this.#refresh();
    }
  }

  #want(change: Partial<Wish>): void {
    this.#wish = { ...this.#wish, ...change };
    this.#reorder();
  }

  /** Finds out who is to be shown where. */
  #reorder(): void {
    const { rows, found, all, page, pages } = show(this.#rows, this.#wish);
    this.#wish = { ...this.#wish, page };
    this.#order = rows.map(keyOfRow);
    setText(byId("found", HTMLElement), found === all ? String(all) : `${found} of ${all}`);
    byId("pager", HTMLElement).hidden = pages === 1;
    setText(byId("page", HTMLElement), `Page ${page + 1} of ${pages}`);
    byId("previous", HTMLButtonElement).disabled = page === 0;
    byId("next", HTMLButtonElement).disabled = page === pages - 1;
    this.#refresh();
  }

  /** Brings what is shown up to date, in its order. */
  #refresh(): void {
    const rows = new Map(this.#rows.map((row) => [keyOfRow(row), row]));
    const shown = this.#order.filter((key) => rows.has(key));
    for (const key of this.#lines.keys()) if (!shown.includes(key)) this.#lines.delete(key);
    setChildren(
      this.#body,
      shown.flatMap((key) => {
        const row = rows.get(key);
        if (row === undefined) return [];
        const line = this.#lines.get(key) ?? new Line(row, this.#actions);
        this.#lines.set(key, line);
        line.show(row);
        return [line.row];
      }),
    );
  }

  #head(): HTMLElement {
    const heads = SORT_KEYS.map((key) => {
      const press = element("button", { text: TITLES[key], attributes: { type: "button" } });
      press.addEventListener("click", () => this.#sortBy(key));
      const isNumber = key !== "name" && key !== "state";
      const attributes = { role: "columnheader", scope: "col", "aria-sort": "none" };
      const head = element("th", { class: isNumber ? "number" : "", attributes }, press);
      this.#heads.set(key, head);
      return head;
    });
    const attributes = { role: "columnheader", scope: "col" };
    const line = element("tr", { attributes: { role: "row" } }, ...heads);
    line.append(element("th", { text: "Set to", attributes }));
    return element("thead", { attributes: { role: "rowgroup" } }, line);
  }

  /** Numbers and trouble begin with the most, names with the first; the third press undoes it. */
  #sortBy(key: SortKey): void {
    const { sort } = this.#wish;
    const isDescending = key !== "name";
    if (sort?.key !== key) return this.#applySort({ key, descending: isDescending });
    if (sort.descending === isDescending) {
      return this.#applySort({ key, descending: !isDescending });
    }
    this.#applySort(undefined);
  }

  #applySort(sort: Wish["sort"]): void {
    const { filter } = this.#wish;
    this.#wish = { filter, page: 0, ...(sort === undefined ? {} : { sort }) };
    for (const [key, head] of this.#heads) {
      const way = sort?.descending ? "descending" : "ascending";
      setAttribute(head, "aria-sort", sort?.key === key ? way : "none");
    }
    this.#sort.value = sort?.key ?? "";
    this.#reorder();
  }

  #startSort(): void {
    const options = SORT_KEYS.map((key) => {
      return element("option", { text: TITLES[key], attributes: { value: key } });
    });
    const none = element("option", { text: "configuration", attributes: { value: "" } });
    this.#sort.append(none, ...options);
    this.#sort.addEventListener("change", () => {
      const key = SORT_KEYS.find((one) => one === this.#sort.value);
      this.#applySort(key === undefined ? undefined : { key, descending: key !== "name" });
    });
  }

  #turnBy(id: string, pages: number): void {
    byId(id, HTMLButtonElement).addEventListener("click", () => {
      this.#want({ page: this.#wish.page + pages });
    });
  }
}

function keyOfRow({ upstream, backend }: BackendRow): string {
  return keyOf(upstream, backend.id);
}
