/**
 * The clients that wrk has no form of. Runs as a process of its own, so that its work is not
 * measured with the balancer's:
 *
 *     clients.ts bulk PORT SECONDS SIZE_BYTES PATH
 *     clients.ts idle PORT CONNECTIONS
 *     clients.ts idle-tls PORT CONNECTIONS
 */
import { note, printLine } from "./output.ts";

/** What the backends answer on `/`. */
export const ANSWER = "hello from backend\n";

/** Marks on standard output that all connections of `idle` are open. */
export const ALL_OPEN = "all open";

/** Result of `bulk`. */
export interface BulkResult {
  readonly bytes: number;
  readonly seconds: number;
}

/** Result of `idle`. */
export interface IdleResult {
  /** Second requests that were answered. */
  readonly answered: number;
}

/** Large enough that the client is not what is measured. */
const READ_BYTES = 256 * 1024;
/** Idle connections that are opened or asked at once. */
const AT_ONCE = 32;
/** An answer that takes longer is lost. */
const ANSWER_TIMEOUT_MS = 10_000;
/** The last download of `bulk` ends after its time; one that takes this long has stalled. */
const STALL_TIMEOUT_MS = 30_000;

/** Sends one small request and checks the answer. */
export async function exchange(conn: Deno.Conn): Promise<void> {
  await sendRequest(conn, "/");
  const timer = setTimeout(() => conn.close(), ANSWER_TIMEOUT_MS);
  try {
    const text = await readUntil(conn, ANSWER);
    if (!text.startsWith("HTTP/1.1 200 ")) throw new Error(`Cannot use answer "${text}": not 200`);
  } finally {
    clearTimeout(timer);
  }
}

/** A long body to fetch. */
interface Body {
  readonly path: string;
  readonly sizeBytes: number;
}

async function bulk(port: number, seconds: number, body: Body): Promise<BulkResult> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const start = performance.now();
  const watchdog = setTimeout(() => conn.close(), seconds * 1000 + STALL_TIMEOUT_MS);
  let bytes = 0;
  while (performance.now() - start < seconds * 1000) {
    await download(conn, body);
    bytes += body.sizeBytes;
  }
  clearTimeout(watchdog);
  return { bytes, seconds: (performance.now() - start) / 1000 };
}

/** Opens a connection. */
type Open = (port: number) => Promise<Deno.Conn>;

const openPlain: Open = (port) => Deno.connect({ hostname: "127.0.0.1", port });
/** Which certificate that is does not matter here: the process is told not to look. */
const openTls: Open = async (port) => {
  return await Deno.startTls(await Deno.connect({ hostname: "127.0.0.1", port }), {
    hostname: "localhost",
  });
};

async function idle(port: number, count: number, open: Open): Promise<IdleResult> {
  const conns: Deno.Conn[] = [];
  await inTurns(count, async () => {
    const conn = await open(port);
    conns.push(conn);
    await exchange(conn);
  });
  printLine(ALL_OPEN);
  // The starter reads the balancer's memory meanwhile, then closes this input.
  for await (const _ of Deno.stdin.readable);
  let answered = 0;
  await inTurns(conns.length, async (index) => {
    // One that is lost is not counted, and that is the result.
    await exchange(conns[index]!).then(() => answered++, () => {});
  });
  return { answered };
}

/** Does `work` for 0 to `count` - 1, a few at once. */
async function inTurns(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const runner = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runner));
}

/** Reads one body, checking its length and, at the end of every read, its content. */
async function download(conn: Deno.Conn, { path, sizeBytes }: Body): Promise<void> {
  await sendRequest(conn, path);
  const buffer = new Uint8Array(READ_BYTES);
  let filled = await readHead(conn, buffer);
  const headEnd = endOfHead(buffer.subarray(0, filled));
  checkHead(new TextDecoder().decode(buffer.subarray(0, headEnd)), sizeBytes);
  let offset = filled - headEnd;
  checkContent(buffer.subarray(headEnd, filled), offset);
  while (offset < sizeBytes) {
    filled = await readSome(conn, buffer);
    offset += filled;
    checkContent(buffer.subarray(0, filled), offset);
  }
  if (offset > sizeBytes) throw new Error(`Cannot use body: ${offset - sizeBytes} bytes too many`);
}

async function readHead(conn: Deno.Conn, buffer: Uint8Array): Promise<number> {
  let filled = 0;
  while (endOfHead(buffer.subarray(0, filled)) === 0) {
    filled += await readSome(conn, buffer.subarray(filled));
  }
  return filled;
}

/** Where the body starts, or 0 while the head is not whole. */
function endOfHead(bytes: Uint8Array): number {
  const blank = new TextDecoder("latin1").decode(bytes.subarray(0, 4096)).indexOf("\r\n\r\n");
  return blank < 0 ? 0 : blank + 4;
}

function checkHead(head: string, sizeBytes: number): void {
  const length = /^content-length: (\d+)\r$/im.exec(head)?.[1];
  if (head.startsWith("HTTP/1.1 200 ") && Number(length) === sizeBytes) return;
  throw new Error(`Cannot use head "${head}": must be 200 with ${sizeBytes} bytes`);
}

/** Bodies hold 32-bit numbers, big-endian, from 0: the last whole one tells all lost bytes. */
function checkContent(bytes: Uint8Array, endOffset: number): void {
  const at = bytes.length - (endOffset % 4) - 4;
  if (at < 0) return;
  const word = new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);
  const wanted = (endOffset - (endOffset % 4) - 4) / 4;
  if (word === wanted) return;
  throw new Error(`Cannot use body: word ${wanted} before byte ${endOffset} is ${word}`);
}

async function sendRequest(conn: Deno.Conn, path: string): Promise<void> {
  const bytes = new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`);
  // A fresh socket takes a hundred bytes whole.
  await conn.write(bytes);
}

async function readUntil(conn: Deno.Conn, ending: string): Promise<string> {
  const buffer = new Uint8Array(1024);
  let text = "";
  while (!text.endsWith(ending)) {
    text += new TextDecoder("latin1").decode(buffer.subarray(0, await readSome(conn, buffer)));
  }
  return text;
}

/** Reads at least one byte. @throws {Error} at the end of the connection. */
export async function readSome(conn: Deno.Conn, buffer: Uint8Array): Promise<number> {
  const count = await conn.read(buffer);
  if (count === null || count === 0) throw new Error(`Cannot read answer: connection ended`);
  return count;
}

async function main([kind, ...rest]: readonly string[]): Promise<number> {
  const [port = 0, amount = 0, sizeBytes = 0] = rest.map(Number);
  const body = { path: rest[3] ?? "/", sizeBytes };
  try {
    const work = kind === "bulk"
      ? bulk(port, amount, body)
      : idle(port, amount, kind === "idle-tls" ? openTls : openPlain);
    printLine(JSON.stringify(await work));
    return 0;
  } catch (error) {
    note(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
