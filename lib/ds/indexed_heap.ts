/** What an item of an {@linkcode IndexedHeap} carries for it. */
export interface HeapItem {
  /** Where the heap keeps it; -1 while it is in none. Written by the heap alone. */
  place: number;
}

/**
 * A binary min-heap whose items know where they are, so that one item can be moved or removed in
 * O(log n) after its order changed. An item is in at most one heap.
 */
export class IndexedHeap<T extends HeapItem> {
  readonly #before: (a: T, b: T) => boolean;
  readonly #items: T[] = [];

  /** @param before true when `a` has to come out ahead of `b`; a strict weak order */
  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#items.length;
  }

  has(item: T): boolean {
    return item.place !== -1;
  }

  /** The first item, or `undefined` when there is none. */
  peek(): T | undefined {
    return this.#items[0];
  }

  /** Adds an item; one that is in the heap already stays as it is. */
  push(item: T): void {
    if (this.has(item)) return;
    this.#items.push(item);
    this.#up(this.#items.length - 1);
  }

  /** Takes an item out; one that is not in the heap is no error. */
  delete(item: T): void {
    const place = item.place;
    if (place === -1) return;
    item.place = -1;
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#put(last, place);
    this.#down(place);
    this.#up(place);
  }

  /** Puts an item in its right place after its order changed. */
  update(item: T): void {
    const place = item.place;
    if (place === -1) return;
    this.#up(place);
    if (item.place === place) this.#down(place);
  }

  /**
   * The first item that `accepts` says yes to. Looks only below refused items, so it costs as much
   * as there are refusals at the top.
   */
  find(accepts: (item: T) => boolean): T | undefined {
    const first = this.#items[0];
    if (first === undefined || accepts(first)) return first;
    return this.#findBelow(accepts);
  }

  #findBelow(accepts: (item: T) => boolean): T | undefined {
    let best: T | undefined;
    const open = [1, 2];
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      const item = this.#items[place];
      if (item === undefined) continue;
      if (best !== undefined && !this.#before(item, best)) continue;
      if (accepts(item)) best = item;
      else open.push(2 * place + 1, 2 * place + 2);
    }
    return best;
  }

  #up(start: number): void {
    let place = start;
    const item = this.#items[place];
    if (item === undefined) return;
    while (place > 0) {
      const parentPlace = (place - 1) >> 1;
      const parent = this.#items[parentPlace];
      if (parent === undefined || !this.#before(item, parent)) break;
      this.#put(parent, place);
      place = parentPlace;
    }
    this.#put(item, place);
  }

  #down(start: number): void {
    let place = start;
    const item = this.#items[place];
    if (item === undefined) return;
    for (;;) {
      const childPlace = this.#smallerChild(place);
      const child = this.#items[childPlace];
      if (child === undefined || !this.#before(child, item)) break;
      this.#put(child, place);
      place = childPlace;
    }
    this.#put(item, place);
  }

  #smallerChild(place: number): number {
    const leftPlace = 2 * place + 1;
    const left = this.#items[leftPlace];
    const right = this.#items[leftPlace + 1];
    if (left === undefined || right === undefined) return leftPlace;
    return this.#before(right, left) ? leftPlace + 1 : leftPlace;
  }

  #put(item: T, place: number): void {
    this.#items[place] = item;
    item.place = place;
  }
}
