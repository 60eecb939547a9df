/** What a new element has. Texts are texts: nothing here is ever read as HTML. */
export interface ElementOptions {
  readonly class?: string;
  readonly text?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** Makes an element. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  { class: name, text, attributes }: ElementOptions = {},
  ...children: readonly Node[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (name !== undefined) made.className = name;
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes ?? {})) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A button that submits nothing. */
export function button(text: string, onPress: () => void): HTMLButtonElement {
  const made = element("button", { text, attributes: { type: "button" } });
  made.addEventListener("click", onPress);
  return made;
}

/** The element of the page with this id. @throws {Error} when it is missing or another */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new Error(`Cannot find "${id}": the page must have it`);
}

/** Writes a text where it differs, since writing costs a layout. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** The same for an attribute. */
export function setAttribute(node: Element, name: string, value: string): void {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/** Makes these the children, and moves only those that are out of place: focus stays where it is. */
export function setChildren(parent: Element, wanted: readonly Element[]): void {
  const keep = new Set(wanted);
  for (const child of [...parent.children]) if (!keep.has(child)) child.remove();
  for (const [at, child] of wanted.entries()) {
    const there = parent.children[at];
    if (there !== child) parent.insertBefore(child, there ?? null);
  }
}

/** A word with the colour of its meaning. */
export function setPill(pill: Element, { word, tone }: { word: string; tone: string }): void {
  setText(pill, word);
  setAttribute(pill, "class", `pill ${tone}`);
}
