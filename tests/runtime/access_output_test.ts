import { assertEquals, assertThrows } from "@std/assert";
import { RingQueue } from "../../lib/ds/ring_queue.ts";
import { AccessOutput } from "../../lib/runtime/access_output.ts";
import type { AccessTarget } from "../../lib/runtime/access_target.ts";
import { FakeClock, settled } from "../support/fake_clock.ts";
import { MemoryLog } from "../support/memory_log.ts";

const CONFIG = { format: "json", sample: 1, file: "/a.log" } as const;
const FAILED = "Access log cannot be written";

/** A file that takes as much at once as it is told to. */
class FakeFile implements AccessTarget {
  readonly name: string;
  text = "";
  isClosed = false;
  /** Bytes that still fit. */
  room = Infinity;
  gate: Promise<void> = Promise.resolve();

  constructor(name: string) {
    this.name = name;
  }

  async write(bytes: Uint8Array): Promise<number> {
    await this.gate;
    const length = Math.min(bytes.length, this.room);
    if (length === 0) throw new Error("No space left on device");
    this.room -= length;
    this.text += new TextDecoder().decode(bytes.subarray(0, length));
    return length;
  }

  [Symbol.dispose](): void {
    this.isClosed = true;
  }
}

/** An output whose files are in memory. */
class OutputBench {
  readonly clock = new FakeClock();
  readonly log = new MemoryLog();
  readonly files: FakeFile[] = [];
  readonly output: AccessOutput;
  isRefusing = false;

  constructor() {
    const open = (file: string | undefined) => {
      if (this.isRefusing) throw new Error("No such directory");
      const opened = new FakeFile(file ?? "stdout");
      this.files.push(opened);
      return opened;
    };
    this.output = new AccessOutput({ config: CONFIG, log: this.log, clock: this.clock, open });
  }

  get file(): FakeFile {
    return this.files.at(-1)!;
  }

  write(text: string): Promise<void> {
    return this.output.write(new TextEncoder().encode(text));
  }
}

Deno.test("AccessOutput.write() writes all of it, in as many pieces as it takes", async () => {
  const b = new OutputBench();

  await Promise.all([b.write("a\n"), b.write("b\n"), b.write("c\n")]);

  assertEquals(b.file.text, "a\nb\nc\n");
  assertEquals(b.output.lost, { dropped: 0, failed: 0 });
});

Deno.test("AccessOutput counts lines that a full disk does not take, and tells once a minute", async () => {
  const b = new OutputBench();
  b.file.room = 0;

  for (let i = 0; i < 5; i++) await b.write("a\nb\n");
  b.clock.advance(60_000);
  await b.write("c\n");

  assertEquals(b.output.lost, { dropped: 0, failed: 11 });
  assertEquals(b.log.fieldsOf(FAILED).map(({ lost }) => lost), [2, 9]);
  assertEquals(b.log.fieldsOf(FAILED)[0]!["error"], "No space left on device");
});

Deno.test("AccessOutput begins a new line after one that was torn", async () => {
  const b = new OutputBench();
  b.file.room = 5;
  await b.write("one\ntwo\nthree\n");
  b.file.room = Infinity;

  await b.write("four\n");
  await b.write("five\n");

  assertEquals(b.file.text, "one\nt\nfour\nfive\n");
  assertEquals(b.output.lost.failed, 2);
});

Deno.test("AccessOutput.reopen() loses no line and closes the old file after its last write", async () => {
  const b = new OutputBench();
  const gate = Promise.withResolvers<void>();
  const old = b.file;
  old.gate = gate.promise;
  const first = b.write("a\n");
  await settled();

  b.output.reopen();
  const second = b.write("b\n");
  await settled();
  assertEquals(old.isClosed, false);
  gate.resolve();
  await Promise.all([first, second]);
  await settled();

  assertEquals([old.text, b.file.text], ["a\n", "b\n"]);
  assertEquals([old.isClosed, b.file.isClosed], [true, false]);
});

Deno.test("AccessOutput.reopen() that fails leaves the old file", async () => {
  const b = new OutputBench();
  b.isRefusing = true;

  assertThrows(() => b.output.reopen(), Error, "No such directory");
  await b.write("a\n");

  assertEquals([b.file.text, b.file.isClosed], ["a\n", false]);
});

Deno.test("AccessOutput.prepare() opens the new file, and writes to it from the commit on", async () => {
  const b = new OutputBench();
  const old = b.file;
  const prepared = b.output.prepare({ ...CONFIG, file: "/b.log" });
  await b.write("before\n");

  prepared.commit();
  await b.write("after\n");

  assertEquals(b.files.map(({ name, text }) => [name, text]), [["/a.log", "before\n"], [
    "/b.log",
    "after\n",
  ]]);
  assertEquals(old.isClosed, true);
});

Deno.test("AccessOutput.prepare() keeps the file where it stays the same, or none is wanted", async () => {
  const b = new OutputBench();

  b.output.prepare({ ...CONFIG, format: "combined" }).commit();
  b.output.prepare(undefined).commit();
  b.output.prepare({ ...CONFIG, file: "/b.log" }).cancel();
  await b.write("late\n");

  assertEquals(b.files.map(({ text, isClosed }) => [text, isClosed]), [["late\n", false], [
    "",
    true,
  ]]);
});

Deno.test("AccessOutput tells of a write that nobody takes", async () => {
  const b = new OutputBench();
  const gate = Promise.withResolvers<void>();
  b.file.gate = gate.promise;

  const written = b.write("a\n");
  await settled();
  b.clock.advance(5000);
  gate.resolve();
  await written;

  assertEquals(b.log.fieldsOf(FAILED).map(({ error }) => error), ["nobody reads it"]);
  assertEquals(b.output.lost.failed, 0);
});

Deno.test("AccessOutput counts what finds the ring full while a write takes its time", async () => {
  const b = new OutputBench();
  const gate = Promise.withResolvers<void>();
  b.file.gate = gate.promise;
  const ring = RingQueue.create(256);
  using reader = b.output.read(ring);
  const lines = new TextEncoder().encode("a\nb\n");

  for (let i = 0; i < 101; i++) ring.push(lines, 2);
  const { dropped } = b.output.lost;
  gate.resolve();
  reader[Symbol.dispose]();
  await b.write("");

  assertEquals(dropped > 0 && dropped % 2 === 0, true);
  assertEquals(b.output.lost.dropped, dropped);
  assertEquals(b.file.text.split("\n").length - 1, 202 - dropped);
});

Deno.test("AccessOutput writes at its end what was handed over, but waits for nobody long", async () => {
  const b = new OutputBench();
  const ring = RingQueue.create(256);
  const reader = b.output.read(ring);
  ring.push(new TextEncoder().encode("last\n"));
  reader[Symbol.dispose]();
  await b.output[Symbol.asyncDispose]();
  assertEquals(b.file.text, "last\n");

  const stuck = new OutputBench();
  const gate = Promise.withResolvers<void>();
  stuck.file.gate = gate.promise;
  const written = stuck.write("a\n");
  const closed = stuck.output[Symbol.asyncDispose]();
  stuck.clock.advance(2000);
  await closed;
  gate.resolve();
  await written;
});
