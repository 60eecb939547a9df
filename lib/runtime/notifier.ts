import type { Clock } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/log.ts";

/** What a {@linkcode Notifier} takes from outside. */
export interface NotifierOptions {
  /** An environment variable. */
  readonly variable: (name: string) => string | undefined;
  readonly pid: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Tells systemd how the process is (sd_notify(3)): ready, reloading, stopping, and that its event
 * loop still turns. Without `NOTIFY_SOCKET` in the environment it does nothing.
 */
export class Notifier implements AsyncDisposable {
  readonly #options: NotifierOptions;
  readonly #channel: Channel | undefined;
  #phase: "starting" | "serving" | "stopping" = "starting";
  #beat: Disposable | undefined;

  /** Failures are told to the log: a service without its manager still serves. */
  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#channel = this.#tryOpen();
  }

  /** Every listener is open. */
  ready(): void {
    this.#phase = "serving";
    this.#send("READY=1", "STATUS=Serving");
    this.#startBeat();
  }

  /** A reload begins. */
  reloading(): void {
    if (this.#phase === "serving") this.#send("RELOADING=1", "STATUS=Reloading");
  }

  /** A reload is over. @param problem why the configuration before is still in force */
  reloaded(problem?: string): void {
    const status = problem === undefined ? "Serving" : `Serving, reload refused: ${problem}`;
    if (this.#phase === "serving") this.#send("READY=1", `STATUS=${status.replace(/\s+/g, " ")}`);
  }

  /** @param withinMs when the process will have ended, at the latest */
  stopping(withinMs: number): void {
    this.#phase = "stopping";
    const lines = ["STOPPING=1", "STATUS=Draining"];
    this.#send(...lines, `EXTEND_TIMEOUT_USEC=${Math.ceil(withinMs * 1000)}`);
  }

  /** Lets what was sent arrive, for a second at most. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#beat?.[Symbol.dispose]();
    if (this.#channel === undefined) return;
    const late = Promise.withResolvers<void>();
    using _timer = this.#options.clock.after(FLUSH_MS, late.resolve);
    await Promise.race([this.#channel.flushed, late.promise]);
    this.#channel[Symbol.dispose]();
  }

  #tryOpen(): Channel | undefined {
    const { variable, log } = this.#options;
    const address = variable("NOTIFY_SOCKET");
    if (address === undefined || address === "") return undefined;
    const fail = (error: unknown) => {
      const fields = { socket: address, error: messageOf(error) };
      log.write({ level: "warning", message: "Cannot notify the service manager", fields });
    };
    try {
      return new Channel(socketPath(address), ownPath(variable), fail);
    } catch (error) {
      fail(error);
      return undefined;
    }
  }

  /** Three times in the period after which systemd takes the process for dead. */
  #startBeat(): void {
    const { variable, pid, clock } = this.#options;
    const periodUs = Number(variable("WATCHDOG_USEC") ?? 0);
    const forOther = (variable("WATCHDOG_PID") ?? String(pid)) !== String(pid);
    if (this.#channel === undefined || forOther || !(periodUs > 0)) return;
    const beat = () => {
      this.#send("WATCHDOG=1");
      this.#beat = clock.after(periodUs / 1000 / BEATS, beat);
    };
    beat();
  }

  #send(...lines: readonly string[]): void {
    this.#channel?.send(lines.join("\n"));
  }
}

const FLUSH_MS = 1000;
const BEATS = 3;

/** A socket to the service manager; what is sent arrives in order. */
class Channel implements Disposable {
  readonly #conn: Deno.DatagramConn;
  readonly #to: Deno.UnixAddr;
  readonly #fail: (error: unknown) => void;
  flushed: Promise<void> = Promise.resolve();

  constructor(to: string, from: string, fail: (error: unknown) => void) {
    this.#to = { transport: "unixpacket", path: to };
    this.#fail = fail;
    this.#conn = Deno.listenDatagram({ transport: "unixpacket", path: from });
    // The runtime wants a path of its own; nobody answers, so nobody needs to find it.
    Deno.removeSync(from);
  }

  send(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.flushed = this.flushed.then(async () => {
      await this.#conn.send(bytes, this.#to);
    }).catch(this.#fail);
  }

  [Symbol.dispose](): void {
    this.#conn.close();
  }
}

/** @throws {TypeError} when the runtime cannot send there */
function socketPath(address: string): string {
  // The name of a socket in the abstract namespace begins with a zero byte.
  if (address.startsWith("@")) return `\0${address.slice(1)}`;
  if (address.startsWith("/")) return address;
  throw new TypeError(
    `Cannot use NOTIFY_SOCKET "${address}": must be a path or begin with @`,
  );
}

function ownPath(variable: NotifierOptions["variable"]): string {
  const [runtime] = (variable("RUNTIME_DIRECTORY") ?? "").split(":");
  return `${runtime || variable("TMPDIR") || "/tmp"}/weir-notify-${crypto.randomUUID()}`;
}
