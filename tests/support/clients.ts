import { createConnection } from "node:net";
import { parseAddress } from "../../lib/core/address.ts";
import { DEADLINE_MS, within } from "./wait.ts";

/** Opens a connection to `HOST:PORT` or `unix:/path`. */
export async function connectTo(text: string, deadlineMs = DEADLINE_MS): Promise<Deno.Conn> {
  const address = parseAddress(text);
  if (address.kind === "unix") {
    return await within(`a connection to ${text}`, Deno.connect({ ...address, transport: "unix" }));
  }
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new Error(`Cannot connect to ${text}`)), deadlineMs);
  try {
    return await Deno.connect({
      hostname: address.hostname,
      port: address.port,
      signal: abort.signal,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Writes everything. */
export async function send(conn: Deno.Conn, data: string | Uint8Array): Promise<void> {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  for (let done = 0; done < bytes.length;) {
    done += await within("a write", conn.write(bytes.subarray(done)));
  }
}

/** Reads to the end of input. */
export async function receiveAll(conn: Deno.Conn, deadlineMs = DEADLINE_MS): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(64 * 1024);
  let text = "";
  for (;;) {
    const length = await within(`the end after "${text}"`, conn.read(buffer), deadlineMs);
    if (length === null) return text + decoder.decode();
    text += decoder.decode(buffer.subarray(0, length), { stream: true });
  }
}

/** Reads `text.length` bytes and more if they come together. @throws {Error} at the end of input */
export async function receive(conn: Deno.Conn, wanted: string): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  let text = "";
  while (text.length < wanted.length) {
    const length = await within(`"${wanted}" after "${text}"`, conn.read(buffer));
    if (length === null) throw new Error(`Cannot read "${wanted}": input ended after "${text}"`);
    text += decoder.decode(buffer.subarray(0, length), { stream: true });
  }
  return text;
}

/** Reads one HTTP answer that tells its length, and returns its body. @throws {Error} unless 200 */
export async function receiveBody(conn: Deno.Conn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  let text = "";
  for (;;) {
    const [head = "", body] = text.split("\r\n\r\n");
    const [, length] = /\r\ncontent-length: (\d+)/i.exec(head) ?? [];
    if (body !== undefined && !head.startsWith("HTTP/1.1 200 ")) {
      throw new Error(`Cannot use answer "${head}": must be 200`);
    }
    if (body !== undefined && body.length >= Number(length)) return body;
    const count = await within(`the rest of "${text}"`, conn.read(buffer));
    if (count === null) throw new Error(`Cannot read the answer: input ended after "${text}"`);
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
}

/** Connects, sends, shuts down its writing side, and reads the whole answer. */
export async function ask(address: string, question: string): Promise<string> {
  using conn = await connectTo(address);
  await send(conn, question);
  await conn.closeWrite();
  return await receiveAll(conn);
}

/** Connects and reads what comes, until the end. */
export async function listenTo(address: string): Promise<string> {
  using conn = await connectTo(address);
  return await receiveAll(conn);
}

/** Sends a message and waits for the same to come back. */
export async function exchange(conn: Deno.Conn, message: string): Promise<void> {
  await send(conn, message);
  const answer = await receive(conn, message);
  if (answer !== message) throw new Error(`Cannot use answer "${answer}": must be "${message}"`);
}

/** Connects and resets, so many times at once. `Deno.Conn` can only end, `node:net` can reset. */
export async function connectAndReset(address: string, count: number): Promise<void> {
  const [host = "", port] = address.split(":");
  await inParallel(count, count, async () => {
    const socket = createConnection({ host, port: Number(port) });
    const closed = Promise.withResolvers<void>();
    socket.once("connect", () => socket.resetAndDestroy());
    socket.once("error", closed.reject);
    socket.once("close", () => closed.resolve());
    await within("the reset", closed.promise);
  });
}

/** Does `work` for 0 to `count` - 1, at most `atOnce` at the same time. */
export async function inParallel(
  count: number,
  atOnce: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const runner = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, runner));
}

/** How often each value occurs. */
export function tally(values: Iterable<string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
