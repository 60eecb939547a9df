import { assertEquals, assertLess } from "@std/assert";
import { createHash, type Hash } from "node:crypto";
import { connectTo, receiveAll } from "../support/clients.ts";
import { Scenario } from "../support/scenario.ts";
import { eachChunk, TestServer, writeAll } from "../support/servers.ts";
import { within } from "../support/wait.ts";
import { residentKib } from "../support/weir.ts";

const MIB = 1024 * 1024;
const PATIENCE_MS = 120_000;

Deno.test("a download of 1 GiB arrives with the same SHA-256, in bounded memory", async () => {
  const sent = Promise.withResolvers<string>();
  await using server = new TestServer(async (conn) => {
    const hash = createHash("sha256");
    await conn.read(new Uint8Array(1));
    await sendBlocks(conn, 1024, hash);
    sent.resolve(hash.digest("hex"));
  });
  await using scenario = await Scenario.start({
    backends: [server.address],
    upstream: { health_check: { type: "none" } },
  });

  const before = await residentKib(scenario.weir.pid);
  using conn = await connectTo(scenario.address);
  await writeAll(conn, Uint8Array.of(1));
  let peak = 0;
  const received = await within(
    "1 GiB",
    receiveBlocks(conn, 256 * MIB, async () => {
      peak = Math.max(peak, await residentKib(scenario.weir.pid));
    }),
    PATIENCE_MS,
  );

  assertEquals(received, { bytes: 1024 * MIB, sha256: await sent.promise });
  assertLess(peak - before, 64 * 1024, "memory grew by this many KiB");
});

Deno.test("an upload of 64 MiB arrives with the same SHA-256", async () => {
  await using server = new TestServer(async (conn) => {
    const hash = createHash("sha256");
    await eachChunk(conn, (chunk) => {
      hash.update(chunk);
      return Promise.resolve();
    });
    await writeAll(conn, new TextEncoder().encode(hash.digest("hex")));
  });
  await using scenario = await Scenario.start({ backends: [server.address] });

  using conn = await scenario.connect();
  const hash = createHash("sha256");
  await within("64 MiB", sendBlocks(conn, 64, hash), PATIENCE_MS);
  await conn.closeWrite();

  assertEquals(await receiveAll(conn), hash.digest("hex"));
});

/** Sends blocks of 1 MiB, no two of them equal and the same in every run. */
async function sendBlocks(conn: Deno.Conn, count: number, hash: Hash): Promise<void> {
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
}

/** Hashes what comes, and calls `onStretch` after every so many bytes. */
async function receiveBlocks(
  conn: Deno.Conn,
  stretchBytes: number,
  onStretch: () => Promise<void>,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(MIB);
  let bytes = 0;
  for (let length = await conn.read(buffer); length !== null; length = await conn.read(buffer)) {
    hash.update(buffer.subarray(0, length));
    const before = Math.floor(bytes / stretchBytes);
    bytes += length;
    if (Math.floor(bytes / stretchBytes) > before) await onStretch();
  }
  return { bytes, sha256: hash.digest("hex") };
}
