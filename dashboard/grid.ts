import { element, setAttribute, setText } from "./dom.ts";

/** One column of a table of texts. */
export interface GridColumn<T> {
  readonly title: string;
  readonly isNumber?: boolean;
  readonly text: (row: T) => string;
  /** Class of the cell for the row's state, such as `bad`. */
  readonly tone?: (row: T) => string;
}

/**
 * A table that is brought up to date in place. The roles stand there because on a narrow screen the
 * style sheet shows lines as cards, and a browser would take them for no table any more.
 */
export class Grid<T> {
  readonly #columns: readonly GridColumn<T>[];
  readonly #body = element("tbody", { attributes: { role: "rowgroup" } });

  constructor(place: HTMLElement, label: string, columns: readonly GridColumn<T>[]) {
    this.#columns = columns;
    const heads = columns.map(({ title, isNumber }) => {
      const attributes = { role: "columnheader", scope: "col" };
      return element("th", { text: title, class: isNumber ? "number" : "", attributes });
    });
    const head = element("thead", { attributes: { role: "rowgroup" } });
    head.append(element("tr", { attributes: { role: "row" } }, ...heads));
    const attributes = { role: "table", "aria-label": label };
    place.append(element("table", { attributes }, head, this.#body));
  }

  show(rows: readonly T[]): void {
    while (this.#body.children.length > rows.length) this.#body.lastElementChild?.remove();
    for (const [at, row] of rows.entries()) {
      const line = this.#body.children[at] ?? this.#add();
      for (const [place, { text, tone, isNumber }] of this.#columns.entries()) {
        const cell = line.children[place];
        if (cell === undefined) continue;
        setText(cell, text(row));
        setAttribute(cell, "class", `${isNumber ? "number" : ""} ${tone?.(row) ?? ""}`.trim());
      }
    }
  }

  #add(): HTMLElement {
    const cells = this.#columns.map(({ title }, place) => {
      const attributes = { role: place === 0 ? "rowheader" : "cell", "data-label": title };
      if (place > 0) return element("td", { attributes });
      return element("th", { attributes: { ...attributes, scope: "row" } });
    });
    const line = element("tr", { attributes: { role: "row" } }, ...cells);
    this.#body.append(line);
    return line;
  }
}
