import { assertEquals, assertRejects } from "@std/assert";
import { IdleStack } from "../../lib/connpool/idle_stack.ts";
import { BufferPool, SMALL_BYTES } from "../../lib/net/buffers.ts";
import { WarmConn } from "../../lib/proxy/warm_conn.ts";
import { settled } from "../support/fake_clock.ts";
import { type MemoryConn, memoryPair } from "../support/memory_conn.ts";
import { bytesOf, textOf } from "../support/memory_http.ts";

/** An idle connection, watched. */
class WarmBench {
  readonly server: MemoryConn;
  readonly inner: MemoryConn;
  readonly buffers = new BufferPool();
  readonly stack = new IdleStack<WarmConn>();
  readonly conn: WarmConn;
  ends = 0;

  constructor() {
    [this.server, this.inner] = memoryPair();
    this.conn = new WarmConn(this.inner, this.buffers, 0);
    this.stack.push(this.conn.idle, 0);
    void this.conn.watch(() => this.ends++);
  }

  async say(text: string): Promise<void> {
    await this.server.send(bytesOf(text));
    await settled();
  }

  async read(most = SMALL_BYTES): Promise<string | null> {
    const into = new Uint8Array(most);
    const length = await this.conn.read(into);
    return length === null ? null : textOf(into.subarray(0, length));
  }
}

Deno.test("WarmConn.watch() tells of an end and of a break", async () => {
  for (const how of ["closeWrite", "close", "reset"] as const) {
    const b = new WarmBench();
    await settled();
    assertEquals(b.ends, 0);

    await b.server[how]();
    await settled();

    assertEquals(b.ends, 1, how);
  }
});

Deno.test("WarmConn.watch() tells of an end behind a greeting", async () => {
  const b = new WarmBench();
  await b.say("220 ready\r\n");
  await b.say("421 timeout\r\n");
  assertEquals(b.ends, 0);

  b.server.close();
  await settled();

  assertEquals(b.ends, 1);
});

Deno.test("WarmConn.read() gives what came while it was idle, in parts of any size, then the rest", async () => {
  const b = new WarmBench();
  await b.say("220 ");
  await b.say("ready");
  b.stack.pop();

  assertEquals([await b.read(3), await b.read(3), await b.read()], ["220", " re", "ady"]);
  const reading = b.read();
  await b.say("joined");
  assertEquals(await reading, "joined");
  await b.say("direct");
  await b.server.closeWrite();

  assertEquals([await b.read(), await b.read()], ["direct", null]);
});

Deno.test("WarmConn.read() joins the read that watched, and gives its buffer back after it", async () => {
  const b = new WarmBench();
  b.stack.pop();
  const reading = b.read(2);
  await b.say("abc");

  assertEquals([await reading, await b.read()], ["ab", "c"]);
  assertEquals([lentSmall(b.buffers), b.ends], [0, 0]);
  await b.say("d");

  assertEquals(await b.read(), "d");
});

Deno.test("WarmConn holds 16 KiB and leaves more than that to the kernel", async () => {
  const b = new WarmBench();
  const text = "0123456789abcdef".repeat(2000);
  await b.say(text);
  assertEquals([b.buffers.lentBytes, b.server.peer?.unread], [16_384, 32_000 - 16_384]);

  b.stack.pop();
  let read = "";
  while (read.length < text.length) read += await b.read();

  assertEquals(read, text);
  assertEquals([b.buffers.lentBytes, lentSmall(b.buffers)], [0, 0]);
});

Deno.test("WarmConn holds one small buffer while nothing comes", () => {
  const b = new WarmBench();

  assertEquals([b.buffers.lentBytes, lentSmall(b.buffers)], [0, 1]);
});

Deno.test("WarmConn.close() breaks a read and gives everything back, once", async () => {
  const b = new WarmBench();
  b.stack.pop();
  const reading = b.read();

  b.conn.close();
  b.conn.close();

  await assertRejects(() => reading);
  await assertRejects(() => b.read());
  assertEquals([b.conn.usable, b.inner.closes, lentSmall(b.buffers)], [false, 1, 0]);
});

Deno.test("WarmConn.close() between the kernel's bytes and their reader gives it none of them", async () => {
  const b = new WarmBench();
  b.stack.pop();
  const reading = b.read();
  reading.catch(() => {});
  void b.server.send(bytesOf("late"));
  // The bytes are in the buffer, and who waits for them has not run yet.
  while (b.inner.unread > 0) await Promise.resolve();

  b.conn.close();

  await assertRejects(() => reading);
});

/** Small buffers that are lent out, of the first slab. */
function lentSmall(buffers: BufferPool): number {
  const taken: Uint8Array[] = [];
  const first = buffers.takeSmall();
  taken.push(first);
  for (let buffer = buffers.takeSmall(); buffer.buffer === first.buffer;) {
    taken.push(buffer);
    buffer = buffers.takeSmall();
  }
  for (const buffer of taken) buffers.giveSmall(buffer);
  return 64 - taken.length;
}
