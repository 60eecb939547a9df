// deno-lint-ignore-file no-console
/**
 * A process of its own that answers HTTP with its name and falls ill when it is told: SIGUSR2 makes it
 * sick, SIGHUP makes it well again. Runs as
 *
 *     sick_server.ts HOST PORT NAME '{"well": …, "sick": …}'
 */
import type { Conduct } from "./sick_conduct.ts";
import { pause } from "./wait.ts";

/** Connections that the kernel keeps for a process that does not accept. */
const BACKLOG = 64;
/** A connection over loopback takes well under a millisecond. */
const PATIENCE_MS = 300;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

class SickServer {
  readonly #listener: Deno.TcpListener;
  readonly #name: string;
  #conduct: Conduct;
  #changed = Promise.withResolvers<void>();
  /** Connections that nobody serves, kept so that they stay open. */
  readonly #queued: Deno.Conn[] = [];
  readonly #waiting: (() => void)[] = [];
  #busy = 0;
  #requests = 0;

  constructor(place: Deno.TcpListenOptions, name: string, conduct: Conduct) {
    this.#listener = Deno.listen({ ...place, tcpBacklog: BACKLOG });
    this.#name = name;
    this.#conduct = conduct;
  }

  async become(conduct: Conduct): Promise<void> {
    this.#conduct = conduct;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
    if (conduct.connections === "swallowed") return await this.#fillQueue();
    for (const conn of this.#queued.splice(0)) conn.close();
    this.#startWaiting();
  }

  async run(): Promise<void> {
    for (;;) {
      await this.#untilServing();
      const conn = await this.#listener.accept().catch(() => undefined);
      if (conn !== undefined) void this.#serve(conn);
    }
  }

  async #untilServing(): Promise<void> {
    while (this.#conduct.connections === "swallowed") await this.#changed.promise;
  }

  async #fillQueue(): Promise<void> {
    const { hostname, port } = this.#listener.addr;
    for (let tries = 0; tries < 2 * BACKLOG; tries++) {
      try {
        const signal = AbortSignal.timeout(PATIENCE_MS);
        this.#queued.push(await Deno.connect({ hostname, port, signal }));
      } catch {
        return;
      }
    }
  }

  async #serve(conn: Deno.TcpConn): Promise<void> {
    conn.setNoDelay();
    try {
      // The first byte alone: what is unread at the close makes the kernel send RST.
      while (await conn.read(new Uint8Array(1)) !== null) {
        await this.#untilServing();
        if (this.#conduct.connections === "reset") return;
        await readRest(conn);
        await this.#work();
        await this.#untilServing();
        await conn.write(this.#answer());
      }
    } catch {
      // Weir has closed it, which shows there.
    } finally {
      conn.close();
    }
  }

  async #work(): Promise<void> {
    const hasSlot = Promise.withResolvers<void>();
    this.#waiting.push(hasSlot.resolve);
    this.#startWaiting();
    await hasSlot.promise;
    const { serviceMs, spread } = this.#conduct;
    await pause(spread === "none" ? serviceMs : -serviceMs * Math.log(1 - Math.random()));
    this.#busy--;
    this.#startWaiting();
  }

  #startWaiting(): void {
    const slots = this.#conduct.slots || Infinity;
    while (this.#busy < slots && this.#waiting.length > 0) {
      this.#busy++;
      this.#waiting.shift()!();
    }
  }

  #answer(): Uint8Array<ArrayBuffer> {
    const { failEvery } = this.#conduct;
    const status = failEvery > 0 && ++this.#requests % failEvery === 0 ? 500 : 200;
    const { length } = this.#name;
    return encoder.encode(
      `HTTP/1.1 ${status} Said\r\nContent-Length: ${length}\r\n\r\n${this.#name}`,
    );
  }
}

/** The rest of a request without a body, or with one that is told by its length. */
async function readRest(conn: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(4096);
  let text = "";
  for (;;) {
    const [head = "", body] = text.split("\r\n\r\n");
    const [, length = "0"] = /\r\ncontent-length: *(\d+)/i.exec(head) ?? [];
    if (body !== undefined && body.length >= Number(length)) return;
    const count = await conn.read(buffer);
    if (count === null) throw new Error("Cannot read a request: input ended");
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
}

if (import.meta.main) {
  const [hostname = "", port = "", name = "", conducts = ""] = Deno.args;
  const { well, sick } = JSON.parse(conducts) as { well: Conduct; sick: Conduct };
  const server = new SickServer({ hostname, port: Number(port) }, name, well);
  const tell = async (conduct: Conduct, word: string) => {
    await server.become(conduct);
    console.error(`is ${word}`);
  };
  Deno.addSignalListener("SIGUSR2", () => void tell(sick, "sick"));
  Deno.addSignalListener("SIGHUP", () => void tell(well, "well"));
  console.error("listens");
  await server.run();
}
