import { once } from "node:events";
// @ts-types="npm:@types/ws@8.18.1"
import { type RawData, WebSocket, WebSocketServer } from "ws";
import { randomLoopback } from "./free_port.ts";
import { within } from "./wait.ts";

/** How a WebSocket ended. 1006 stands for an end without a close frame. */
export interface WsEnd {
  readonly code: number;
  readonly reason: string;
}

/** One message as it came. */
export interface WsMessage {
  readonly data: Uint8Array;
  readonly isBinary: boolean;
}

/** One side of a WebSocket, spoken by the package `ws`. */
export class WsPeer implements Disposable {
  readonly socket: WebSocket;
  /** Resolves at the end, however it comes. */
  readonly ended: Promise<WsEnd>;
  readonly #messages: WsMessage[] = [];
  #wake = () => {};

  constructor(socket: WebSocket) {
    this.socket = socket;
    const { promise, resolve } = Promise.withResolvers<WsEnd>();
    this.ended = promise;
    socket.on("message", (data: RawData, isBinary: boolean) => {
      this.#messages.push({ data: Uint8Array.from(toBuffer(data)), isBinary });
      this.#wake();
    });
    // Always followed by `close`, which says what the tests ask for.
    socket.on("error", () => {});
    socket.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
  }

  /** Opens a connection to `HOST:PORT`. */
  static async connect(address: string, protocol: string): Promise<WsPeer> {
    const peer = new WsPeer(new WebSocket(`ws://${address}/chat`, protocol));
    await within("the handshake", once(peer.socket, "open"));
    return peer;
  }

  /** The next message. */
  async receive(): Promise<WsMessage> {
    while (this.#messages.length === 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await within("a message", promise);
    }
    return this.#messages.shift()!;
  }

  /** Sends a ping and returns what comes back with the pong. */
  async ping(text: string): Promise<string> {
    const pong = once(this.socket, "pong");
    this.socket.ping(text);
    const [data] = await within("a pong", pong);
    return String(data);
  }

  /** Waits for the end. */
  async end(): Promise<WsEnd> {
    return await within("the end of a WebSocket", this.ended);
  }

  /** Drops the connection without a close frame, as a process that dies does. */
  [Symbol.dispose](): void {
    this.socket.terminate();
  }
}

/** A WebSocket server inside the test. */
export class WsServer implements AsyncDisposable {
  readonly address: string;
  readonly #server: WebSocketServer;
  readonly #peers: WsPeer[] = [];

  private constructor(server: WebSocketServer) {
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("Cannot use a server");
    this.address = `${address.address}:${address.port}`;
    this.#server = server;
  }

  /** @param onPeer told of each connection */
  static async start(onPeer: (peer: WsPeer) => void): Promise<WsServer> {
    const server = new WebSocketServer({ host: randomLoopback(), port: 0 });
    await within("a WebSocket server", once(server, "listening"));
    const started = new WsServer(server);
    server.on("connection", (socket) => {
      const peer = new WsPeer(socket);
      started.#peers.push(peer);
      onPeer(peer);
    });
    return started;
  }

  /** The only connection. */
  get peer(): WsPeer {
    const [peer, ...others] = this.#peers;
    if (peer !== undefined && others.length === 0) return peer;
    throw new Error(`Cannot take the only connection: there are ${this.#peers.length}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const peer of this.#peers) peer[Symbol.dispose]();
    await within("the end of a WebSocket server", closed);
    await Promise.all(this.#peers.map((peer) => peer.end()));
  }
}

function toBuffer(data: RawData): Uint8Array {
  if (Array.isArray(data)) throw new TypeError("Cannot use fragments: they were not asked for");
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}
