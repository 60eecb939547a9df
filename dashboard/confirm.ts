import type { Question } from "./changes.ts";
import { byId, setText } from "./dom.ts";

/** Asks in a window of the page before something is done; focus goes back to where it was. */
export class Confirmation {
  readonly #dialog = byId("confirm", HTMLDialogElement);
  #answer: (isYes: boolean) => void = () => {};

  constructor() {
    this.#dialog.addEventListener("close", () => {
      // It comes late: somebody quick with the keys has been asked the next thing by then.
      if (!this.#dialog.open) this.#answer(this.#dialog.returnValue === "yes");
    });
  }

  ask({ title, text, yes }: Question): Promise<boolean> {
    // Whoever is asked anew has not said yes to what was asked before.
    this.#answer(false);
    setText(byId("confirm-title", HTMLElement), title);
    setText(byId("confirm-text", HTMLElement), text);
    setText(byId("confirm-yes", HTMLButtonElement), yes);
    this.#dialog.returnValue = "no";
    this.#dialog.showModal();
    return new Promise((resolve) => this.#answer = resolve);
  }
}
