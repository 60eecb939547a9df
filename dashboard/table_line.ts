import type { Change } from "./changes.ts";
import { element, setAttribute, setPill, setText } from "./dom.ts";
import { formatNumber, formatShare, NOTHING } from "./format.ts";
import type { BackendRow } from "./rows.ts";
import type { WantedState } from "./status.ts";

/** What can be done with a line. */
export interface LineActions {
  /** Resolves once it is done, refused or thought better of. Never rejects. */
  readonly change: (change: Change) => Promise<void>;
}

const STATES: readonly (readonly [WantedState, string])[] = [
  ["ready", "Ready"],
  ["drain", "Drain"],
  ["maintenance", "Maint."],
];
const MOST_WEIGHT = 65_535;

/** One backend in the table. */
export class Line {
  readonly row: HTMLElement;
  readonly #names: Pick<Change, "upstream" | "backend">;
  readonly #actions: LineActions;
  readonly #address = element("span", { class: "muted address" });
  readonly #pill = element("span", { class: "pill" });
  readonly #why = element("span", { class: "muted why" });
  readonly #phi = cell("Phi", "number");
  readonly #inFlight = cell("In flight", "number");
  readonly #weight: HTMLInputElement;
  readonly #share = element("span", { class: "part" });
  readonly #meter = element("span", { class: "meter" });
  readonly #rate = cell("Work/s", "number");
  readonly #failures = cell("Failed/s", "number");
  readonly #buttons = new Map<WantedState, HTMLButtonElement>();

  constructor({ upstream, backend: { id } }: BackendRow, actions: LineActions) {
    this.#names = { upstream, backend: id };
    this.#actions = actions;
    this.#weight = this.#weightInput(`Weight of ${upstream}/${id}`);
    const name = element("th", {
      class: "backend",
      attributes: { role: "rowheader", scope: "row", "data-label": "Backend" },
    });
    name.append(
      element("span", { class: "muted", text: `${upstream}/` }),
      `${id}  `,
      this.#address,
    );
    const attributes = { role: "row", "data-key": `${upstream}/${id}` };
    const track = element("span", { class: "track" }, this.#meter);
    this.row = element("tr", { attributes }, name, cell("State", "state", this.#pill, this.#why));
    this.row.append(
      this.#phi,
      this.#inFlight,
      cell("Weight", "number", this.#weight),
      cell("Share", "number share", track, this.#share),
      this.#rate,
      this.#failures,
      cell("Set to", "actions", this.#stateButtons(`${upstream}/${id}`)),
    );
  }

  show({ backend, word, tone, why, rate, failures, share }: BackendRow): void {
    const { id, address, health, inFlight, concurrencyLimit, override, weight, state } = backend;
    setText(this.#address, address === id ? "" : address);
    setPill(this.#pill, { word, tone });
    setText(this.#why, why);
    setAttribute(this.#why, "title", why);
    setText(this.#phi, health?.phi === undefined ? NOTHING : formatNumber(health.phi));
    const most = concurrencyLimit > 0 ? ` / ${formatNumber(concurrencyLimit)}` : "";
    setText(this.#inFlight, formatNumber(inFlight) + most);
    this.#showWeight(weight, override?.configuredWeight);
    setText(this.#share, formatShare(share));
    const width = `${Math.round((share ?? 0) * 100)}%`;
    if (this.#meter.style.width !== width) this.#meter.style.width = width;
    setText(this.#rate, formatNumber(rate));
    setText(this.#failures, formatNumber(failures));
    this.#failures.classList.toggle("bad", failures > 0);
    for (const [wanted, press] of this.#buttons) {
      setAttribute(press, "aria-pressed", String(wanted === state));
    }
  }

  /** What somebody types is left alone. */
  #showWeight(weight: number, configured: number | undefined): void {
    const isChanged = configured !== undefined && configured !== weight;
    this.#weight.title = isChanged ? `The configuration says ${configured}` : "";
    this.#weight.classList.toggle("changed", isChanged);
    this.#weight.defaultValue = String(weight);
    if (document.activeElement !== this.#weight) this.#weight.value = String(weight);
  }

  #weightInput(label: string): HTMLInputElement {
    const attributes = { type: "number", min: "0", max: String(MOST_WEIGHT), step: "1" };
    const input = element("input", { attributes: { ...attributes, "aria-label": label } });
    input.addEventListener("change", () => void this.#setWeight(input));
    input.addEventListener("keydown", ({ key }) => {
      if (key !== "Escape") return;
      input.value = input.defaultValue;
      input.blur();
    });
    return input;
  }

  async #setWeight(input: HTMLInputElement): Promise<void> {
    const before = input.defaultValue;
    if (input.value === before) return;
    if (input.value !== "" && input.reportValidity()) {
      await this.#actions.change({ ...this.#names, weight: input.valueAsNumber });
    }
    // What is in force now, unless the next status has come before.
    if (document.activeElement === input && input.value !== input.defaultValue) {
      input.value = input.defaultValue;
    }
  }

  #stateButtons(name: string): HTMLElement {
    const attributes = { role: "group", "aria-label": `Set ${name} to` };
    const group = element("span", { class: "segments", attributes });
    for (const [state, text] of STATES) {
      const press = element("button", { text, attributes: { type: "button", title: state } });
      press.addEventListener("click", () => {
        if (press.getAttribute("aria-pressed") === "true") return;
        void this.#actions.change({ ...this.#names, state });
      });
      this.#buttons.set(state, press);
      group.append(press);
    }
    return group;
  }
}

function cell(label: string, name: string, ...children: readonly Node[]): HTMLElement {
  const attributes = { role: "cell", "data-label": label };
  return element("td", { class: name, attributes }, ...children);
}
