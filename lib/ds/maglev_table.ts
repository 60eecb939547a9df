import { hashText } from "./hash.ts";

/** Who has slots in a Maglev table. */
export interface MaglevOwner {
  /** Decides which slots it would rather have. */
  readonly id: string;
  /** What the table calls it: 0 to 2^32 - 2. */
  readonly place: number;
  /** Above zero. */
  readonly weight: number;
}

/**
 * Fills a table with the places of its owners, each as often as its weight says (Eisenbud et al.,
 * "Maglev", NSDI 2016, section 3.4).
 *
 * Owners take turns, and each takes the first free slot in an order of its own. The heaviest has a
 * turn in every round, the others in proportion, as in Envoy; all have one in the first, so that none
 * is left out. About `length × ln(length)` steps, less the fewer owners there are.
 *
 * @param owners at least one, in an order that decides who comes first; `length` at most
 * @param length a prime, so that every order visits all slots
 */
export function buildMaglevTable(owners: readonly MaglevOwner[], length: number): Uint32Array {
  const table = new Uint32Array(length).fill(FREE);
  const orders = owners.map((owner) => new SlotOrder(owner, length));
  const heaviest = owners.reduce((most, { weight }) => Math.max(most, weight), 0);
  const rounds = new Rounds(owners.length, length);
  for (let owner = 0; owner < owners.length; owner++) rounds.enter(owner, 0);
  for (let filled = 0; filled < length; filled++) {
    const owner = rounds.next();
    const order = orders[owner]!;
    const { place, weight } = owners[owner]!;
    table[order.takeFree(table)] = place;
    rounds.enter(owner, Math.floor(order.taken * heaviest / weight));
  }
  return table;
}

const FREE = 0xffffffff;

/** Which slots one owner would rather have: a walk over all of them with a stride. */
class SlotOrder {
  /** How many slots it got. */
  taken = 0;
  #slot: number;
  readonly #stride: number;

  constructor({ id }: MaglevOwner, length: number) {
    this.#slot = hashText(id, OFFSET_SEED) % length;
    this.#stride = hashText(id, STRIDE_SEED) % (length - 1) + 1;
  }

  /** The next slot that nobody has. There must be one. */
  takeFree(table: Uint32Array): number {
    const { length } = table;
    const stride = this.#stride;
    let slot = this.#slot;
    while (table[slot] !== FREE) {
      slot += stride;
      if (slot >= length) slot -= length;
    }
    this.#slot = slot;
    this.taken++;
    return slot;
  }
}

const OFFSET_SEED = 0;
const STRIDE_SEED = 1;

/** Who has a turn in which round: a list for each round, as rounds are many and owners few. */
class Rounds {
  readonly #firsts: Int32Array;
  readonly #lasts: Int32Array;
  readonly #nexts: Int32Array;
  #round = 0;

  constructor(owners: number, rounds: number) {
    this.#firsts = new Int32Array(rounds).fill(NOBODY);
    this.#lasts = new Int32Array(rounds).fill(NOBODY);
    this.#nexts = new Int32Array(owners).fill(NOBODY);
  }

  /** Gives an owner a turn in a round to come, after those who have one in it. */
  enter(owner: number, round: number): void {
    // By then the table is full: the heaviest takes one slot a round.
    if (round >= this.#firsts.length) return;
    this.#nexts[owner] = NOBODY;
    const last = this.#lasts[round]!;
    if (last === NOBODY) this.#firsts[round] = owner;
    else this.#nexts[last] = owner;
    this.#lasts[round] = owner;
  }

  /** Whose turn it is. The heaviest always enters again, so there is one. */
  next(): number {
    while (this.#firsts[this.#round] === NOBODY) this.#round++;
    const owner = this.#firsts[this.#round]!;
    this.#firsts[this.#round] = this.#nexts[owner]!;
    return owner;
  }
}

const NOBODY = -1;
