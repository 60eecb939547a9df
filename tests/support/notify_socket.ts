import { TempFolder } from "./paths.ts";
import { within } from "./wait.ts";

/** The socket on which a service manager listens for what its services say. */
export class NotifySocket implements AsyncDisposable {
  /** What it gives to a service. */
  readonly env: Readonly<Record<string, string>>;
  readonly #conn: Deno.DatagramConn;
  readonly #folder: TempFolder;

  private constructor(conn: Deno.DatagramConn, address: string, folder: TempFolder) {
    this.#conn = conn;
    this.#folder = folder;
    this.env = { NOTIFY_SOCKET: address, RUNTIME_DIRECTORY: folder.path };
  }

  static async open(kind: "path" | "abstract"): Promise<NotifySocket> {
    const folder = await TempFolder.create();
    const path = `${folder.path}/notify`;
    const name = kind === "path" ? path : `\0${path}`;
    const conn = Deno.listenDatagram({ transport: "unixpacket", path: name });
    return new NotifySocket(conn, kind === "path" ? path : `@${path}`, folder);
  }

  /** The next `count` messages. */
  async receive(count: number): Promise<string[]> {
    const messages: string[] = [];
    while (messages.length < count) {
      const what = `message ${messages.length + 1} to the service manager`;
      const [bytes] = await within(what, this.#conn.receive());
      messages.push(new TextDecoder().decode(bytes));
    }
    return messages;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#conn.close();
    await this.#folder[Symbol.asyncDispose]();
  }
}
