import { within } from "./wait.ts";

/** Fields of a message of the DevTools protocol. */
export type Fields = Readonly<Record<string, unknown>>;

/** One event of a browser. */
export interface DevtoolsEvent {
  readonly method: string;
  readonly params: Fields;
  readonly sessionId?: string;
}

interface Answer {
  readonly id: number;
  readonly result?: Fields;
  readonly error?: { readonly message: string };
}

/** Speaks the DevTools protocol with a browser over one WebSocket. */
export class Devtools implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<Fields>>();
  readonly #closed = Promise.withResolvers<void>();
  readonly #onEvent: (event: DevtoolsEvent) => void;
  #lastId = 0;

  private constructor(socket: WebSocket, onEvent: (event: DevtoolsEvent) => void) {
    this.#socket = socket;
    this.#onEvent = onEvent;
    socket.addEventListener("message", ({ data }) => this.#take(JSON.parse(data)));
    socket.addEventListener("close", () => this.#end());
  }

  static async connect(url: string, onEvent: (event: DevtoolsEvent) => void): Promise<Devtools> {
    const socket = new WebSocket(url);
    const open = Promise.withResolvers<void>();
    socket.addEventListener("open", () => open.resolve(), { once: true });
    socket.addEventListener("error", () => open.reject(new Error(`Cannot connect to ${url}`)));
    await within("the browser's socket", open.promise);
    return new Devtools(socket, onEvent);
  }

  /** @throws {Error} when the browser refuses */
  async send(method: string, params: Fields = {}, sessionId?: string): Promise<Fields> {
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<Fields>();
    this.#waiting.set(id, answer);
    const session = sessionId === undefined ? {} : { sessionId };
    this.#socket.send(JSON.stringify({ id, method, params, ...session }));
    return await within(`${method} of the browser`, answer.promise);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await within("the end of the browser's socket", this.#closed.promise);
  }

  #take(message: Answer | DevtoolsEvent): void {
    if ("method" in message) return this.#onEvent(message);
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error === undefined) waiting?.resolve(message.result ?? {});
    else waiting?.reject(new Error(`Cannot drive the browser: ${message.error.message}`));
  }

  #end(): void {
    this.#closed.resolve();
    const error = new Error("Cannot drive the browser: it closed the socket");
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}
