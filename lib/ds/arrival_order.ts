/**
 * A set in the order in which each member first came.
 *
 * A member that leaves and comes back has its old place again, and threads that saw members come and
 * go in another order, or not at all, still agree on it. Places of members that nobody else holds
 * are forgotten by the garbage collector.
 */
export class ArrivalOrder<T extends object> {
  readonly #seats = new WeakMap<T, Seat>();
  #arrivals = 0;
  /** Those that left are taken out, and those that came back put in order, when it is asked for. */
  #listed: T[] = [];
  #isTidy = true;

  /** The members, first come first. To be used at once: later changes may show in it. */
  get items(): readonly T[] {
    if (!this.#isTidy) this.#tidy();
    return this.#listed;
  }

  has(member: T): boolean {
    return this.#seats.get(member)?.isTaken ?? false;
  }

  /** False when it is in the set already. */
  add(member: T): boolean {
    const seat = this.#seats.get(member);
    if (seat === undefined) {
      this.#seats.set(member, { rank: this.#arrivals++, isTaken: true, isListed: true });
      this.#listed.push(member);
      return true;
    }
    if (seat.isTaken) return false;
    seat.isTaken = true;
    if (!seat.isListed) this.#listed.push(member);
    seat.isListed = true;
    this.#isTidy = false;
    return true;
  }

  /** False when it was not in the set. */
  delete(member: T): boolean {
    const seat = this.#seats.get(member);
    if (seat === undefined || !seat.isTaken) return false;
    seat.isTaken = false;
    this.#isTidy = false;
    return true;
  }

  #tidy(): void {
    const rankOf = (member: T) => this.#seats.get(member)?.rank ?? 0;
    this.#listed = this.#listed.filter((member) => this.#keeps(member));
    this.#listed.sort((a, b) => rankOf(a) - rankOf(b));
    this.#isTidy = true;
  }

  #keeps(member: T): boolean {
    const seat = this.#seats.get(member);
    if (seat !== undefined) seat.isListed = seat.isTaken;
    return seat?.isTaken ?? false;
  }
}

interface Seat {
  readonly rank: number;
  /** In the set. */
  isTaken: boolean;
  /** In the list, perhaps no longer in the set. */
  isListed: boolean;
}
