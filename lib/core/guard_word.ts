/** Whether work goes to a backend: all of it, none, or a few trials. */
export type Circuit = "closed" | "open" | "half_open";

/** What the guards know of a backend at one moment. */
export interface GuardState {
  readonly circuit: Circuit;
  /** Held off by outlier detection. */
  readonly ejected: boolean;
  /** Trials of this half-open round that have begun, those that passed too. */
  readonly taken: number;
  /** Trials of this half-open round that have passed. */
  readonly passed: number;
  /** Another one after each change of circuit or ejection. */
  readonly era: number;
}

/** Most trials of a half-open round: what six bits hold. */
export const MAX_TRIALS = 63;

// Two bits of phase, one for ejected, six for trials taken, six for trials passed, then the era.
export const CLOSED = 0;
export const OPEN = 1;
export const HALF_OPEN = 2;
export const PHASE = 3;
export const EJECTED = 4;
export const HELD_OFF = PHASE | EJECTED;
export const ONE_TAKEN = 1 << 3;
export const ONE_PASSED = 1 << 9;
const ERA_SHIFT = 15;
const ERAS = 2 ** 17;
const CIRCUITS: readonly Circuit[] = ["closed", "open", "half_open"];

export function takenOf(word: number): number {
  return word >> 3 & MAX_TRIALS;
}

export function passedOf(word: number): number {
  return word >> 9 & MAX_TRIALS;
}

export function eraOf(word: number): number {
  return word >>> ERA_SHIFT;
}

/** The word of the next era, without trials. */
export function nextEra(word: number, bits: number): number {
  return (eraOf(word) + 1) % ERAS << ERA_SHIFT | bits;
}

/** Whether trials go on in that era. */
export function isTrying(word: number, era: number): boolean {
  return (word & PHASE) === HALF_OPEN && eraOf(word) === era;
}

export function readWord(word: number): GuardState {
  return {
    circuit: CIRCUITS[word & PHASE] ?? "closed",
    ejected: (word & EJECTED) !== 0,
    taken: takenOf(word),
    passed: passedOf(word),
    era: eraOf(word),
  };
}

/** How many trials of an era one worker holds. */
export function heldWord(era: number, count: number): number {
  return era << HELD_BITS | count;
}

export function heldCount(held: number): number {
  return held & MAX_TRIALS;
}

export function heldEra(held: number): number {
  return held >>> HELD_BITS;
}

const HELD_BITS = 6;

/** Work with a result. */
export interface WorkTotals {
  readonly done: number;
  readonly failed: number;
}
