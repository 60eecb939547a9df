import { assertEquals, assertLess } from "@std/assert";
import { createHash, type Hash } from "node:crypto";
import { HttpBackend } from "../support/http_backend.ts";
import { HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { answerOf, headOf, valueOf, Wire } from "../support/http_wire.ts";
import { TestServer, writeAll } from "../support/servers.ts";
import { eventually, within } from "../support/wait.ts";
import { residentKib } from "../support/weir.ts";

const GET = headOf("GET / HTTP/1.1", "Host: a");
const MIB = 1024 * 1024;
const LARGE_MIB = 256;
const PATIENCE_MS = 60_000;

Deno.test(`a download of ${LARGE_MIB} MiB arrives with the same SHA-256, in bounded memory`, async () => {
  const sent = Promise.withResolvers<string>();
  await using backend = new HttpBackend(async ({ wire }) => {
    await wire.send(headOf("HTTP/1.1 200 OK", `Content-Length: ${LARGE_MIB * MIB}`));
    sent.resolve(await sendBlocks(wire.conn, LARGE_MIB));
    return "";
  });
  await using scenario = await startHttp({ backends: [backend.address] });
  const memory = new MemoryWatch(scenario.weir.pid);
  await memory.start();

  using client = await HttpClient.connect(scenario.address);
  await client.send(GET);
  await client.wire.readHead();
  const left = LARGE_MIB * MIB - client.wire.rest.length;
  const hash = createHash("sha256").update(client.wire.rest, "latin1");
  await within("the body", receiveBytes(client.wire.conn, left, hash, memory), PATIENCE_MS);

  assertEquals(hash.digest("hex"), await sent.promise);
  assertLess(memory.grownKib, 48 * 1024, "memory grew by this many KiB");
});

Deno.test(`an upload of ${LARGE_MIB} MiB arrives with the same SHA-256, in bounded memory`, async () => {
  const memory = Promise.withResolvers<MemoryWatch>();
  await using backend = new TestServer(async (conn) => {
    const wire = new Wire(conn);
    const head = await wire.readHead();
    const left = Number(valueOf(head!, "Content-Length")) - wire.rest.length;
    const hash = createHash("sha256").update(wire.rest, "latin1");
    await receiveBytes(conn, left, hash, await memory.promise);
    await wire.send(answerOf(200, hash.digest("hex")));
  });
  await using scenario = await startHttp({ backends: [backend.address] });
  const watch = new MemoryWatch(scenario.weir.pid);
  await watch.start();
  memory.resolve(watch);

  using client = await HttpClient.connect(scenario.address);
  await client.send(headOf("PUT / HTTP/1.1", "Host: a", `Content-Length: ${LARGE_MIB * MIB}`));
  const sent = await within("the body", sendBlocks(client.wire.conn, LARGE_MIB), PATIENCE_MS);
  const answer = await client.read();

  assertEquals(answer.body, sent);
  assertLess(watch.grownKib, 48 * 1024, "memory grew by this many KiB");
});

Deno.test("a slow client slows the backend down instead of filling memory", async () => {
  let sentBytes = 0;
  await using backend = new HttpBackend(async ({ wire }) => {
    await wire.send(headOf("HTTP/1.1 200 OK", `Content-Length: ${1024 * MIB}`));
    const block = new Uint8Array(MIB);
    for (;;) {
      await writeAll(wire.conn, block);
      sentBytes += MIB;
    }
  });
  await using scenario = await startHttp({ backends: [backend.address] });
  using client = await HttpClient.connect(scenario.address);

  await client.send(GET);
  await client.wire.readHead();
  let before = -1;
  await eventually("the backend to be held up", () => {
    const moved = sentBytes !== before;
    before = sentBytes;
    assertEquals(moved, false);
  });

  // What sockets hold on the way, and not what Weir holds.
  assertLess(sentBytes, 64 * MIB);
});

/** Sends blocks of 1 MiB, no two of them equal; gives their SHA-256. */
async function sendBlocks(conn: Deno.Conn, count: number): Promise<string> {
  const hash = createHash("sha256");
  const block = new Uint32Array(MIB / 4);
  let x = 1;
  for (let i = 0; i < block.length; i++) {
    x = Math.imul(x, 1664525) + 1013904223;
    block[i] = x;
  }
  const bytes = new Uint8Array(block.buffer);
  for (let i = 0; i < count; i++) {
    block[i] = i;
    hash.update(bytes);
    await writeAll(conn, bytes);
  }
  return hash.digest("hex");
}

/** Hashes so many bytes. */
async function receiveBytes(
  conn: Deno.Conn,
  count: number,
  hash: Hash,
  memory: MemoryWatch,
): Promise<void> {
  const buffer = new Uint8Array(MIB);
  let sinceLook = 0;
  for (let left = count; left > 0;) {
    const length = await conn.read(buffer.subarray(0, Math.min(left, buffer.length)));
    if (length === null) throw new Error(`Cannot read ${count} bytes: ${left} are missing`);
    hash.update(buffer.subarray(0, length));
    left -= length;
    sinceLook += length;
    if (sinceLook < 32 * MIB) continue;
    sinceLook = 0;
    await memory.look();
  }
}

/** The most memory that a process had, over what it had at the start. */
class MemoryWatch {
  readonly #pid: number;
  #startKib = 0;
  #peakKib = 0;

  constructor(pid: number) {
    this.#pid = pid;
  }

  get grownKib(): number {
    return this.#peakKib - this.#startKib;
  }

  async start(): Promise<void> {
    this.#startKib = this.#peakKib = await residentKib(this.#pid);
  }

  async look(): Promise<void> {
    this.#peakKib = Math.max(this.#peakKib, await residentKib(this.#pid));
  }
}
