/**
 * A set in the order in which each member first came.
 *
 * A member that leaves and comes back has its old place again, and threads that saw members come and
 * go in another order, or not at all, still agree on it. Places of members that nobody else holds
 * are forgotten by the garbage collector.
 */
export class ArrivalOrder<T extends object> {
  readonly #members = new Set<T>();
  readonly #ranks = new WeakMap<T, number>();
  #arrivals = 0;
  /** Built when it is asked for after a change. */
  #items: readonly T[] | undefined;

  /** The members, first come first. */
  get items(): readonly T[] {
    return this.#items ??= this.#inOrder();
  }

  has(member: T): boolean {
    return this.#members.has(member);
  }

  /** False when it is in the set already. */
  add(member: T): boolean {
    if (this.#members.has(member)) return false;
    if (!this.#ranks.has(member)) this.#ranks.set(member, this.#arrivals++);
    this.#members.add(member);
    this.#items = undefined;
    return true;
  }

  /** False when it was not in the set. */
  delete(member: T): boolean {
    if (!this.#members.delete(member)) return false;
    this.#items = undefined;
    return true;
  }

  #inOrder(): T[] {
    const rankOf = (member: T) => this.#ranks.get(member) ?? 0;
    return [...this.#members].sort((a, b) => rankOf(a) - rankOf(b));
  }
}
