import { assertEquals } from "@std/assert";
import { LimitTable } from "../../lib/core/limit_table.ts";
import type { Lease } from "../../lib/core/types.ts";
import { RoomCaller, WaitingRoom, type WaitingRoomOptions } from "../../lib/proxy/waiting_room.ts";
import type { Gate } from "../../lib/upstream/gate.ts";
import { SlotGate } from "../../lib/upstream/slot_gate.ts";
import { settled } from "../support/fake_clock.ts";
import { PacedTimeouts } from "../support/paced_timeouts.ts";
import { specOf, upstreamOf } from "../support/upstreams.ts";
import { eventually } from "../support/wait.ts";

const SHAPE = { workers: 2, backends: 1, upstreams: 1, listeners: 0 };

/** Threads, each with a room, before one backend with `max` slots for both. */
class RoomBench implements Disposable {
  readonly table = LimitTable.create(SHAPE);
  readonly paced = new PacedTimeouts();
  readonly served: string[] = [];
  readonly leases: Lease[] = [];
  readonly threads;
  nowMs = 1000;

  constructor(max: number, options: Partial<WaitingRoomOptions> = {}) {
    this.threads = [0, 1].map((worker) => this.#thread(worker, max, options));
  }

  /** Asks for a slot in a thread; how it went is in `served`. */
  ask(thread: number, name: string): () => void {
    const { room, upstream } = this.threads[thread]!;
    const { result, leave } = room.wait(() => upstream.acquire(0));
    result.then((lease) => {
      if (typeof lease === "object") this.leases.push(lease);
      this.served.push(typeof lease === "object" ? name : `${name} ${lease}`);
    });
    return leave;
  }

  /** Ends the work that began first. */
  async free(): Promise<void> {
    this.leases.shift()?.[Symbol.dispose]();
    await settled();
  }

  [Symbol.dispose](): void {
    for (const { caller } of this.threads) caller[Symbol.dispose]();
    this.paced[Symbol.dispose]();
  }

  #thread(worker: number, max: number, options: Partial<WaitingRoomOptions>) {
    const { table } = this;
    const caller = new RoomCaller(table, worker);
    const room = new WaitingRoom({
      queue: { size: 3, timeoutMs: 1000, targetMs: 5, intervalMs: 100 },
      table,
      worker,
      upstream: 0,
      isShared: true,
      isInTurn: true,
      timeouts: this.paced.timeouts,
      now: () => this.nowMs,
      ...options,
    }, () => caller.listen());
    caller.add(room);
    const gates: Gate[] = [new SlotGate(table, worker), room];
    const { upstream } = upstreamOf([specOf(0, { maxConnections: max })], { gates });
    return { room, upstream, caller };
  }
}

Deno.test("WaitingRoom serves one waiter for each slot that comes free, in order", async () => {
  using b = new RoomBench(2);
  for (const name of ["a", "b", "c", "d", "e"]) b.ask(0, name);
  await settled();

  assertEquals(b.served, ["a", "b"]);
  assertEquals(b.table.queueOf(0, 1030), { length: 3, longestWaitMs: 30 });
  await b.free();
  assertEquals(b.served, ["a", "b", "c"]);
  await b.free();
  await b.free();
  assertEquals(b.served, ["a", "b", "c", "d", "e"]);
  assertEquals(b.table.queueOf(0, 2000), { length: 0, longestWaitMs: 0 });
  assertEquals([b.table.taken(0), b.threads[0]!.room.isBusy], [2, false]);
});

Deno.test("WaitingRoom tells how long each has waited who was served or came too late", async () => {
  const waits: number[] = [];
  using b = new RoomBench(1, { onWaited: (waitMs) => waits.push(waitMs) });
  for (const name of ["a", "b", "c"]) b.ask(0, name);
  const leave = b.ask(0, "d");
  await settled();

  b.nowMs += 40;
  leave();
  await b.free();
  b.nowMs += 960;
  await b.paced.pass(100);

  assertEquals(b.served, ["a", "d left", "b", "c queue_timeout"]);
  assertEquals(waits, [0, 40, 1000]);
});

Deno.test("WaitingRoom with all places taken refuses at once", async () => {
  using b = new RoomBench(1);
  for (const name of ["a", "b", "c", "d", "e"]) b.ask(0, name);
  await settled();

  assertEquals(b.served, ["a", "e queue_full"]);
});

Deno.test("WaitingRoom lets go of who leaves, and of nobody else's slot", async () => {
  using b = new RoomBench(1);
  b.ask(0, "a");
  const leave = b.ask(0, "b");
  b.ask(0, "c");
  leave();
  leave();
  await settled();
  await b.free();

  assertEquals(b.served, ["a", "b left", "c"]);
  assertEquals([b.table.taken(0), b.table.queueOf(0, 0).length], [1, 0]);
  // Served, so there is nothing to leave.
  leave();
  assertEquals(b.table.taken(0), 1);
});

Deno.test("WaitingRoom turns away whose time is up, when the timer ticks", async () => {
  using b = new RoomBench(1);
  b.ask(0, "a");
  b.ask(0, "b");
  b.nowMs += 600;
  b.ask(0, "c");
  await b.paced.pass(100);
  await settled();
  assertEquals(b.served, ["a"]);

  b.nowMs += 450;
  await b.paced.pass(100);
  await settled();

  assertEquals(b.served, ["a", "b queue_timeout"]);
  assertEquals(b.table.queueOf(0, b.nowMs), { length: 1, longestWaitMs: 450 });
});

Deno.test("WaitingRoom hands a slot to the thread where somebody waited for longer", async () => {
  using b = new RoomBench(1);
  b.ask(0, "a");
  await settled();
  b.ask(1, "b");
  b.nowMs += 20;
  b.ask(0, "c");
  assertEquals(b.threads.map(({ room }) => room.isBusy), [true, true]);

  await b.free();
  await eventually("the other thread", () => assertEquals(b.served, ["a", "b"]));
  await b.free();
  await eventually("its turn", () => assertEquals(b.served, ["a", "b", "c"]));

  assertEquals(b.table.taken(0), 1);
});

Deno.test("WaitingRoom does not go round by another thread for a few milliseconds", async () => {
  using b = new RoomBench(1);
  b.ask(0, "a");
  await settled();
  b.ask(1, "b");
  b.nowMs += 9;
  b.ask(0, "c");

  await b.free();

  assertEquals(b.served, ["a", "c"]);
});

Deno.test("WaitingRoom takes the turn of a thread that does not come", async () => {
  using b = new RoomBench(1);
  b.ask(0, "a");
  await settled();
  // Another thread that shows a waiter, and is stuck.
  b.table.showQueue(1, 0, 1, b.nowMs);
  b.nowMs += 50;
  b.ask(0, "c");
  await b.free();
  assertEquals(b.served, ["a"]);

  // One tick to see that nothing moves, one to act.
  await b.paced.pass(100);
  await b.paced.pass(100);
  await settled();

  assertEquals(b.served, ["a", "c"]);
});

Deno.test("WaitingRoom serves what a thread that died held", async () => {
  using b = new RoomBench(1);
  b.ask(1, "a");
  await settled();
  b.ask(0, "b");
  await settled();
  assertEquals(b.served, ["a"]);

  b.table.forgetWorker(1);

  await eventually("the slot", () => assertEquals(b.served, ["a", "b"]));
});
