import type { RingMemory } from "../../lib/ds/ring_memory.ts";

/** Memory of a model: cells by number, and bytes. */
export interface Contents {
  readonly cells: Map<number, number>;
  readonly bytes: Uint8Array;
}

/** One access of a thread to the memory. Cells are in one order for all; bytes must not be fought over. */
interface Access {
  readonly kind: "cell" | "read" | "write";
  readonly at: number;
}

/** What a thread does next: calls the code under test; the result is kept unless it is undefined. */
export type Operation = (memory: RingMemory) => unknown;

/** A thread of the model: its next operation by the results so far; `undefined` is its end. */
export type Program = (results: readonly unknown[]) => Operation | undefined;

/** Where a thread stands. All of it is told by what it has read since its operation began. */
interface Standing {
  readonly results: readonly unknown[];
  /** What the accesses of the operation under way brought. */
  readonly log: readonly number[];
  /** The cell that it sleeps on. */
  readonly asleep: number | undefined;
}

/** One moment of the model. */
export interface Moment {
  readonly contents: Contents;
  readonly threads: readonly Standing[];
}

/** Ends a run of the code under test at its next access. */
class Suspended extends Error {}

/**
 * Takes code through every order in which the accesses of its threads can follow each other.
 *
 * Code that runs cannot be halted. But it is deterministic but for what it reads: so to take a thread
 * one access further its operation is run anew from the start, is told what it read before, makes one
 * access more, and is broken off at the next. Moments that are alike are looked at once.
 *
 * All accesses are taken to be in one order, although accesses to bytes are not: that is right as long
 * as no two threads ever come to the same byte at the same moment, one of them writing ("a program
 * without data races is sequentially consistent", ECMA-262 section 29.11), which is checked.
 */
export class Interleavings {
  readonly #programs: readonly Program[];
  readonly #seen = new Set<string>();

  constructor(programs: readonly Program[]) {
    this.#programs = programs;
  }

  /** Moments looked at. */
  get count(): number {
    return this.#seen.size;
  }

  /**
   * @param check is shown each moment, and whether nobody can go on in it without a timeout
   * @throws {Error} when threads race for a byte
   */
  explore(contents: Contents, check: (moment: Moment, isLast: boolean) => void): void {
    const start = { results: [], log: [], asleep: undefined };
    const open: Moment[] = [{ contents, threads: this.#programs.map(() => start) }];
    for (let moment = open.pop(); moment !== undefined; moment = open.pop()) {
      const key = keyOf(moment);
      if (this.#seen.has(key)) continue;
      this.#seen.add(key);
      this.#assertNoRace(moment);
      const next = this.#programs.flatMap((_, thread) => this.#step(moment!, thread) ?? []);
      const isLast = moment.threads.every((standing, thread) =>
        standing.asleep !== undefined || this.#operation(standing, thread) === undefined
      );
      check(moment, isLast);
      open.push(...next);
    }
  }

  #operation({ results }: Standing, thread: number): Operation | undefined {
    return this.#programs[thread]!(results);
  }

  /** The moment after one access more of a thread. One that sleeps may find its time over. */
  #step(moment: Moment, thread: number): Moment | undefined {
    const standing = moment.threads[thread]!;
    if (standing.asleep !== undefined) {
      return { ...moment, threads: moment.threads.with(thread, ended(standing, undefined)) };
    }
    const operation = this.#operation(standing, thread);
    if (operation === undefined) return undefined;
    const contents = copyOf(moment.contents);
    const memory = new SteppedMemory(contents, standing.log, 1);
    const result = memory.run(operation);
    const { asleep, log } = memory;
    const isOver = !memory.isSuspended && asleep === undefined;
    const after = isOver ? ended(standing, result) : { ...standing, log, asleep };
    const threads = moment.threads.with(thread, after);
    return { contents, threads: threads.map((other) => wake(other, memory.notified)) };
  }

  #assertNoRace(moment: Moment): void {
    const next = moment.threads.map((standing, thread) => {
      const operation = this.#operation(standing, thread);
      if (operation === undefined || standing.asleep !== undefined) return undefined;
      const memory = new SteppedMemory(copyOf(moment.contents), standing.log, 0);
      memory.run(operation);
      return memory.next;
    });
    const [one, other] = next;
    if (one === undefined || other === undefined) return;
    if (one.kind === "cell" || other.kind === "cell" || one.at !== other.at) return;
    if (one.kind === "write" || other.kind === "write") {
      throw new Error(`Threads race for byte ${one.at}`);
    }
  }
}

/** Plays back a log, then makes a few accesses more, then breaks off. */
class SteppedMemory implements RingMemory {
  readonly log: number[];
  isSuspended = false;
  /** The cell that the last access went to sleep on. */
  asleep: number | undefined;
  /** The cell whose sleepers the last access woke. */
  notified: number | undefined;
  /** The access at which the code was broken off. */
  next: Access | undefined;
  readonly #contents: Contents;
  readonly #end: number;
  #played = 0;

  constructor(contents: Contents, log: readonly number[], more: number) {
    this.#contents = contents;
    this.log = [...log];
    this.#end = log.length + more;
  }

  /** Runs code until it ends or is broken off. */
  run(operation: Operation): unknown {
    try {
      const result = operation(this);
      // It is broken off, or asleep, or over: whichever, what it promises is of no interest.
      if (!(result instanceof Promise)) return result;
      result.catch(() => {});
    } catch (error) {
      if (!(error instanceof Suspended)) throw error;
    }
    return undefined;
  }

  load(cell: number): number {
    return this.#access("cell", cell, () => this.#contents.cells.get(cell) ?? 0);
  }

  store(cell: number, value: number): void {
    this.#access("cell", cell, () => this.#set(cell, value));
  }

  add(cell: number, by: number): void {
    this.#access("cell", cell, () => this.#set(cell, (this.#contents.cells.get(cell) ?? 0) + by));
  }

  notify(cell: number): void {
    this.#access("cell", cell, () => {
      this.notified = cell;
      return 0;
    });
  }

  wait(cell: number, value: number): Promise<void> {
    this.#access("cell", cell, () => {
      if ((this.#contents.cells.get(cell) ?? 0) === value) this.asleep = cell;
      return 0;
    });
    return Promise.resolve();
  }

  readByte(at: number): number {
    return this.#access("read", at, () => this.#contents.bytes[at]!);
  }

  writeByte(at: number, value: number): void {
    this.#access("write", at, () => this.#contents.bytes[at] = value);
  }

  writeBytes(at: number, from: Uint8Array, start: number, end: number): void {
    for (let i = start; i < end; i++) this.writeByte(at + i - start, from[i]!);
  }

  readBytes(at: number, into: Uint8Array, start: number, end: number): void {
    for (let i = start; i < end; i++) into[i] = this.readByte(at + i - start);
  }

  #set(cell: number, value: number): number {
    this.#contents.cells.set(cell, value | 0);
    return 0;
  }

  #access(kind: Access["kind"], at: number, make: () => number): number {
    const known = this.log[this.#played];
    if (known === undefined) {
      if (this.#played === this.#end) {
        this.isSuspended = true;
        this.next ??= { kind, at };
        throw new Suspended();
      }
      this.log.push(make());
    }
    return this.log[this.#played++]!;
  }
}

function ended(standing: Standing, result: unknown): Standing {
  const results = result === undefined ? standing.results : [...standing.results, result];
  return { results, log: [], asleep: undefined };
}

/** Who sleeps has nothing left to do in its operation. */
function wake(standing: Standing, cell: number | undefined): Standing {
  return cell !== undefined && standing.asleep === cell ? ended(standing, undefined) : standing;
}

function copyOf({ cells, bytes }: Contents): Contents {
  return { cells: new Map(cells), bytes: bytes.slice() };
}

function keyOf({ contents, threads }: Moment): string {
  const cells = [...contents.cells].sort(([a], [b]) => a - b);
  return JSON.stringify([cells, [...contents.bytes], threads]);
}
