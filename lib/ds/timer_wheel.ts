/** Something with a deadline. Make one per piece of work and schedule it as often as needed. */
export class WheelTimer {
  /** Called once the deadline has passed, never early. It may schedule itself again. */
  readonly onExpire: (nowMs: number) => void;
  deadlineMs = 0;
  previous: WheelTimer | undefined;
  next: WheelTimer | undefined;

  constructor(onExpire: (nowMs: number) => void) {
    this.onExpire = onExpire;
  }

  get scheduled(): boolean {
    return this.previous !== undefined;
  }
}

/**
 * Many coarse timers for the price of one: set and cancel are O(1), a tick looks only at the timers
 * of its slot. Fires up to one tick late.
 *
 * (Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", 1987, scheme 6.)
 */
export class TimerWheel {
  readonly #tickMs: number;
  readonly #slots: readonly WheelTimer[];
  #size = 0;
  /** Ticks since the epoch of the clock that have been worked off. */
  #tick: number;

  /**
   * @param tickMs length of a tick in milliseconds, above 0
   * @param slotCount number of slots, above 0; a timer further away than all of them goes round
   */
  constructor(tickMs: number, slotCount: number, nowMs: number) {
    this.#tickMs = tickMs;
    this.#slots = Array.from({ length: slotCount }, emptyList);
    this.#tick = Math.floor(nowMs / tickMs);
  }

  /** Timers waiting. */
  get size(): number {
    return this.#size;
  }

  /** Sets `timer` to expire `delayMs` after `nowMs`; one that is set already is moved. */
  schedule(timer: WheelTimer, delayMs: number, nowMs: number): void {
    this.cancel(timer);
    timer.deadlineMs = nowMs + delayMs;
    // Never in a slot that this round has passed already, or it would wait a whole round.
    const tick = Math.max(Math.ceil(timer.deadlineMs / this.#tickMs), this.#tick + 1);
    const head = this.#slots[tick % this.#slots.length];
    if (head === undefined) return;
    link(head, timer);
    this.#size++;
  }

  /** Unsets `timer`; one that is not set is no error. */
  cancel(timer: WheelTimer): void {
    if (!timer.scheduled) return;
    unlink(timer);
    this.#size--;
  }

  /** Calls `onExpire` of every timer whose deadline is at or before `nowMs`. */
  advance(nowMs: number): void {
    const target = Math.floor(nowMs / this.#tickMs);
    // A round visits every slot, so after a long pause more than one would find nothing new.
    this.#tick = Math.max(this.#tick, target - this.#slots.length);
    while (this.#tick < target) {
      this.#tick++;
      const head = this.#slots[this.#tick % this.#slots.length];
      if (head !== undefined) this.#expire(head, nowMs);
    }
  }

  #expire(head: WheelTimer, nowMs: number): void {
    // The list moves to a head of its own first: a timer that sets itself again stays out of it.
    const due = emptyList();
    for (let timer = head.next; timer !== undefined && timer !== head;) {
      const following: WheelTimer | undefined = timer.next;
      if (timer.deadlineMs <= nowMs) {
        unlink(timer);
        link(due, timer);
      }
      timer = following;
    }
    for (let timer = due.next; timer !== undefined && timer !== due; timer = due.next) {
      this.cancel(timer);
      timer.onExpire(nowMs);
    }
  }
}

function emptyList(): WheelTimer {
  const head = new WheelTimer(() => {});
  head.previous = head;
  head.next = head;
  return head;
}

function link(head: WheelTimer, timer: WheelTimer): void {
  const last = head.previous ?? head;
  timer.previous = last;
  timer.next = head;
  last.next = timer;
  head.previous = timer;
}

function unlink(timer: WheelTimer): void {
  if (timer.previous !== undefined) timer.previous.next = timer.next;
  if (timer.next !== undefined) timer.next.previous = timer.previous;
  timer.previous = undefined;
  timer.next = undefined;
}
