/** What an item of a {@linkcode LinkedList} carries for it. Written by the list alone. */
export interface LinkedItem<T> {
  previous: T | undefined;
  next: T | undefined;
}

/** A list whose items know their neighbours, so that each can be taken out at once. */
export class LinkedList<T extends LinkedItem<T>> {
  #first: T | undefined;
  #last: T | undefined;

  get first(): T | undefined {
    return this.#first;
  }

  /** Puts an item that is in no list at the end. */
  append(item: T): void {
    const last = this.#last;
    item.previous = last;
    item.next = undefined;
    if (last === undefined) this.#first = item;
    else last.next = item;
    this.#last = item;
  }

  /** Puts an item that is in this list at the end of it. */
  moveToEnd(item: T): void {
    if (item === this.#last) return;
    this.delete(item);
    this.append(item);
  }

  /** Takes out an item that is in this list. */
  delete(item: T): void {
    const { previous, next } = item;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    item.previous = undefined;
    item.next = undefined;
  }
}
