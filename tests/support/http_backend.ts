import type { Place } from "./servers.ts";
import { TestServer } from "./servers.ts";
import { type Message, Wire } from "./http_wire.ts";

/** One request on its way through a backend. */
export interface Exchange {
  readonly request: Message;
  /** Of the connection it came on. */
  readonly wire: Wire;
  /** Number of that connection, from 0. */
  readonly connection: number;
  /** Number of the request on that connection, from 0. */
  readonly turn: number;
  /** Resolves when the test lets go of the backend. */
  readonly disposed: Promise<void>;
}

/** What is sent back; `undefined` closes the connection. */
export type Answering = (exchange: Exchange) => Promise<string | undefined> | string | undefined;

/** A backend that keeps every byte it is sent and answers as told, however wrong that is. */
export class HttpBackend implements AsyncDisposable {
  /** Complete requests, in the order in which they were complete. */
  readonly requests: Message[] = [];
  /** One for each connection. */
  readonly wires: Wire[] = [];
  /** Why connections ended that did not end between two requests. */
  readonly faults: string[] = [];
  readonly #server: TestServer;
  readonly #answer: Answering;

  constructor(answer: Answering, place?: Place) {
    this.#answer = answer;
    this.#server = new TestServer((conn, disposed) => this.#serve(conn, disposed), place);
  }

  get address(): string {
    return this.#server.address;
  }

  /** Connections accepted so far. */
  get accepted(): number {
    return this.#server.accepted;
  }

  /** Connections that are open. */
  get open(): number {
    return this.#server.open;
  }

  /** The only request. */
  get request(): Message {
    const [request, ...others] = this.requests;
    if (request !== undefined && others.length === 0) return request;
    throw new Error(`Cannot take the only request: there are ${this.requests.length}`);
  }

  /** All that came, on whatever connection. */
  get received(): string {
    return this.wires.map(({ received }) => received).join("");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }

  async #serve(conn: Deno.Conn, disposed: Promise<void>): Promise<void> {
    const wire = new Wire(conn);
    const connection = this.wires.push(wire) - 1;
    try {
      for (let turn = 0;; turn++) {
        const request = await wire.readRequest();
        if (request === undefined) return;
        this.requests.push(request);
        const answer = await this.#answer({ request, wire, connection, turn, disposed });
        if (answer === undefined) return;
        await wire.send(answer);
      }
    } catch (error) {
      this.faults.push(error instanceof Error ? error.message : String(error));
    }
  }
}
