import type { Candidate } from "../core/types.ts";
import { type HeapItem, IndexedHeap } from "../ds/indexed_heap.ts";
import type { Balancer, PickRequest } from "./balancer.ts";

/**
 * The server with the least work in flight for its weight.
 *
 * The cost of one more is `(load + 1) / weight`, and 0 for an idle server, so that idle servers tie
 * whatever their weight and a quiet farm is not served by its heaviest member alone (HAProxy,
 * `lb_fwlc.c`). Ties go to the server picked longest ago.
 *
 * Loads also change on other threads, which send no word of it. Each pick therefore looks again at a
 * few servers in rotation and at the top of the heap until what it says is true; with up to
 * {@linkcode REFRESHED_PER_PICK} servers that makes it exact.
 */
export class LeastConnections<T extends Candidate> implements Balancer<T> {
  readonly #entries = new Map<T, Entry<T>>();
  readonly #heap = new IndexedHeap<Entry<T>>(isBefore);
  /** The same entries, to go round. In the heap a refreshed one moves, and others would be skipped. */
  readonly #round: Entry<T>[] = [];
  #roundPlace = 0;
  #picks = 0;

  add(candidate: T): void {
    if (this.#entries.has(candidate)) return;
    const roundPlace = this.#round.length;
    const entry = { candidate, cost: costOf(candidate), pickedAt: 0, place: -1, roundPlace };
    this.#entries.set(candidate, entry);
    this.#round.push(entry);
    this.#heap.push(entry);
  }

  remove(candidate: T): void {
    const entry = this.#entries.get(candidate);
    if (entry === undefined) return;
    this.#entries.delete(candidate);
    this.#heap.delete(entry);
    const last = this.#round.pop();
    if (last === undefined || last === entry) return;
    this.#round[entry.roundPlace] = last;
    last.roundPlace = entry.roundPlace;
  }

  loadChanged(candidate: T): void {
    const entry = this.#entries.get(candidate);
    if (entry !== undefined) this.#refresh(entry);
  }

  pick(request: PickRequest<T>): T | undefined {
    this.#refreshSome();
    const entry = this.#heap.find((item) => request.eligible(item.candidate));
    if (entry === undefined) return undefined;
    entry.pickedAt = ++this.#picks;
    this.#heap.update(entry);
    return entry.candidate;
  }

  #refreshSome(): void {
    const count = Math.min(REFRESHED_PER_PICK, this.#round.length);
    for (let i = 0; i < count; i++) {
      this.#roundPlace = (this.#roundPlace + 1) % this.#round.length;
      const entry = this.#round[this.#roundPlace];
      if (entry !== undefined) this.#refresh(entry);
    }
    // A top that got busier elsewhere sinks; the next one is looked at in turn.
    for (let top = this.#heap.peek(); top !== undefined && this.#refresh(top);) {
      top = this.#heap.peek();
    }
  }

  /** True when the cost had changed. */
  #refresh(entry: Entry<T>): boolean {
    const cost = costOf(entry.candidate);
    if (cost === entry.cost) return false;
    entry.cost = cost;
    this.#heap.update(entry);
    return true;
  }
}

/** A server with the cost by which it stands in the heap. */
interface Entry<T> extends HeapItem {
  readonly candidate: T;
  cost: number;
  roundPlace: number;
  /** Number of the pick that chose it last. */
  pickedAt: number;
}

/** Small, because each costs two reads of shared memory; four cover the usual small upstream. */
const REFRESHED_PER_PICK = 4;

function costOf(candidate: Candidate): number {
  const { load } = candidate;
  return load === 0 ? 0 : (load + 1) / candidate.weight;
}

function isBefore(a: Entry<unknown>, b: Entry<unknown>): boolean {
  return a.cost < b.cost || (a.cost === b.cost && a.pickedAt < b.pickedAt);
}
