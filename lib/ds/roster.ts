/** What a {@linkcode Roster} goes by. */
export interface Listed {
  readonly id: string;
  /** Above zero. */
  readonly weight: number;
}

/**
 * A set whose items keep a small number, their place, while they are away.
 *
 * A table of places then stays true when an item leaves and comes back: the reader finds nobody at
 * the place and looks further. Ids are unique; an item is known by its id.
 */
export class Roster<T extends Listed> {
  readonly #placeOf = new Map<string, number>();
  readonly #present: (T | undefined)[] = [];
  readonly #ids: string[] = [];
  readonly #weights: number[] = [];
  /** Places of those that are away, the longest gone first. */
  readonly #away = new Set<number>();
  readonly #free: number[] = [];

  /** By place; `undefined` where nobody is, or who is there is away. */
  get present(): readonly (T | undefined)[] {
    return this.#present;
  }

  /** By place, of those away too: the weight that was noted last. */
  get weights(): readonly number[] {
    return this.#weights;
  }

  /** By place, of those away too. */
  get ids(): readonly string[] {
    return this.#ids;
  }

  /** How many are here. */
  get size(): number {
    return this.#placeOf.size - this.#away.size;
  }

  /** How many have a place: those here and those away. */
  get knownCount(): number {
    return this.#placeOf.size;
  }

  /** Where the item is or was; `undefined` when its id is not known. */
  placeOf(item: Listed): number | undefined {
    return this.#placeOf.get(item.id);
  }

  /** Takes an item in; one whose id is here already stays as it is. */
  add(item: T): Arrival {
    const place = this.#placeOf.get(item.id);
    if (place === undefined) {
      this.#settle(item, this.#free.pop() ?? this.#present.length);
      return "new";
    }
    if (this.#present[place] !== undefined) return "here";
    this.#present[place] = item;
    this.#away.delete(place);
    return this.#note(item, place) ? "changed" : "back";
  }

  /** Lets an item go, and keeps its place; false when it is not here. */
  remove(item: T): boolean {
    const place = this.#hereAt(item);
    if (place === undefined) return false;
    this.#present[place] = undefined;
    this.#away.add(place);
    return true;
  }

  /** Notes the item's weight; false when that is no news, or the item is not here. */
  reweigh(item: T): boolean {
    const place = this.#hereAt(item);
    return place !== undefined && this.#note(item, place);
  }

  /**
   * Frees the places of those longest away once they outnumber those here, until half as many are
   * left: where names come and go for ever, the places do not. Free ones are given to newcomers.
   */
  forgetLongAway(): void {
    if (this.#away.size <= Math.max(FEW_AWAY, this.size)) return;
    const kept = Math.floor(this.size / 2);
    for (const place of this.#away) {
      if (this.#away.size <= kept) return;
      this.#away.delete(place);
      this.#placeOf.delete(this.#ids[place]!);
      this.#free.push(place);
    }
  }

  /** The known places in the order of their ids, which is the same however they came here. */
  placesById(): number[] {
    const places = [...this.#placeOf].sort(([a], [b]) => a < b ? -1 : 1);
    return places.map(([, place]) => place);
  }

  #settle(item: T, place: number): void {
    this.#placeOf.set(item.id, place);
    this.#present[place] = item;
    this.#ids[place] = item.id;
    this.#weights[place] = item.weight;
  }

  #hereAt(item: T): number | undefined {
    const place = this.#placeOf.get(item.id);
    return place !== undefined && this.#present[place] === item ? place : undefined;
  }

  #note(item: T, place: number): boolean {
    if (this.#weights[place] === item.weight) return false;
    this.#weights[place] = item.weight;
    return true;
  }
}

/** How an item came: not known before, after an absence, the same with another weight, or not. */
export type Arrival = "new" | "back" | "changed" | "here";

/** So few may be away without being forgotten, however few are here. */
const FEW_AWAY = 16;
