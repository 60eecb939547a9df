import type { Candidate } from "../core/types.ts";
import { type HeapItem, IndexedHeap } from "../ds/indexed_heap.ts";
import { type LinkedItem, LinkedList } from "../ds/linked_list.ts";
import type { Balancer, PickRequest } from "./balancer.ts";

/**
 * The server with the least work in flight for its weight.
 *
 * The cost of one more is `(load + 1) / weight`, and 0 for an idle server, so that idle servers tie
 * whatever their weight and a quiet farm is not served by its heaviest member alone (HAProxy,
 * `lb_fwlc.c`). Ties go to the server that came to its cost, or was picked at it, longest ago.
 *
 * Idle servers are kept in a list, because all of them tie, and the others in a heap.
 *
 * Loads also change on other threads, which send no word of it. Each pick therefore looks again at a
 * few servers in rotation and at the best one until what it says is true; with up to
 * {@linkcode REFRESHED_PER_PICK} servers that makes it exact.
 */
export class LeastConnections<T extends Candidate> implements Balancer<T> {
  readonly #entries = new Map<T, Entry<T>>();
  readonly #idle = new LinkedList<Entry<T>>();
  readonly #busy = new IndexedHeap<Entry<T>>(isBefore);
  /** The same entries, to go round. In the heap a refreshed one moves, and others would be skipped. */
  readonly #round: Entry<T>[] = [];
  #roundPlace = 0;
  #moves = 0;
  /**
   * The busy server picked last, while it stands where it did. Its load is about to change, so it is
   * moved then, and not twice; until it is, nothing else may be moved in the heap.
   */
  #unsettled: Entry<T> | undefined;

  add(candidate: T): void {
    if (this.#entries.has(candidate)) return;
    const entry: Entry<T> = {
      candidate,
      load: 0,
      cost: 0,
      since: 0,
      place: -1,
      previous: undefined,
      next: undefined,
      roundPlace: this.#round.length,
    };
    this.#entries.set(candidate, entry);
    this.#round.push(entry);
    this.#insert(entry);
  }

  remove(candidate: T): void {
    const entry = this.#entries.get(candidate);
    if (entry === undefined) return;
    this.#entries.delete(candidate);
    this.#settle();
    if (entry.load === 0) this.#idle.delete(entry);
    else this.#busy.delete(entry);
    const last = this.#round.pop();
    if (last === undefined || last === entry) return;
    this.#round[entry.roundPlace] = last;
    last.roundPlace = entry.roundPlace;
  }

  loadChanged(candidate: T): void {
    const entry = this.#entries.get(candidate);
    if (entry !== undefined) this.#refresh(entry);
  }

  weightChanged(candidate: T): void {
    const entry = this.#entries.get(candidate);
    if (entry !== undefined) this.#move(entry, candidate.load);
  }

  pick(request: PickRequest<T>): T | undefined {
    this.#settle();
    this.#refreshSome();
    const entry = this.#best(request);
    if (entry === undefined) return undefined;
    if (entry.load === 0) {
      this.#idle.moveToEnd(entry);
    } else {
      entry.since = ++this.#moves;
      this.#unsettled = entry;
    }
    return entry.candidate;
  }

  cost(candidate: T): number {
    return costOf(candidate, candidate.load);
  }

  #best(request: PickRequest<T>): Entry<T> | undefined {
    for (let entry = this.#idle.first; entry !== undefined; entry = entry.next) {
      if (request.eligible(entry.candidate)) return entry;
    }
    const top = this.#busy.peek();
    if (top === undefined || request.eligible(top.candidate)) return top;
    return this.#busy.find((item) => request.eligible(item.candidate));
  }

  #refreshSome(): void {
    const entries = this.#round;
    let place = this.#roundPlace;
    for (let i = Math.min(REFRESHED_PER_PICK, entries.length); i > 0; i--) {
      place = place + 1 < entries.length ? place + 1 : 0;
      const entry = entries[place];
      if (entry !== undefined && entry.load !== entry.candidate.load) this.#refresh(entry);
    }
    this.#roundPlace = place;
    // One that got busier elsewhere sinks; the next one is looked at in turn.
    let best = this.#idle.first ?? this.#busy.peek();
    while (best !== undefined && this.#refresh(best)) best = this.#idle.first ?? this.#busy.peek();
  }

  /** True when the load had changed. */
  #refresh(entry: Entry<T>): boolean {
    const { load } = entry.candidate;
    if (load === entry.load) return false;
    this.#move(entry, load);
    return true;
  }

  /** Puts an entry where it belongs with the load and its weight as it is now. */
  #move(entry: Entry<T>, load: number): void {
    if (this.#unsettled === entry) this.#unsettled = undefined;
    this.#settle();
    if (entry.load > 0 && load > 0) {
      this.#stamp(entry, load);
      this.#busy.update(entry);
      return;
    }
    if (entry.load === 0) this.#idle.delete(entry);
    else this.#busy.delete(entry);
    this.#insert(entry);
  }

  #insert(entry: Entry<T>): void {
    this.#settle();
    const { load } = entry.candidate;
    this.#stamp(entry, load);
    if (load === 0) this.#idle.append(entry);
    else this.#busy.push(entry);
  }

  #stamp(entry: Entry<T>, load: number): void {
    entry.load = load;
    entry.cost = costOf(entry.candidate, load);
    entry.since = ++this.#moves;
  }

  #settle(): void {
    const entry = this.#unsettled;
    if (entry === undefined) return;
    this.#unsettled = undefined;
    this.#busy.update(entry);
  }
}

/** A server with the load and cost by which it stands where it does. */
interface Entry<T> extends HeapItem, LinkedItem<Entry<T>> {
  readonly candidate: T;
  load: number;
  cost: number;
  /** Number of the move to this cost, or of the last pick at it. */
  since: number;
  roundPlace: number;
}

/** Of one more piece of work. */
function costOf({ weight }: Candidate, load: number): number {
  return load === 0 ? 0 : (load + 1) / weight;
}

/** Small, because each costs a read of shared memory; four cover the usual small upstream. */
const REFRESHED_PER_PICK = 4;

function isBefore(a: Entry<unknown>, b: Entry<unknown>): boolean {
  return a.cost < b.cost || (a.cost === b.cost && a.since < b.since);
}
