import { ApiError, readMetrics, readStatus } from "./api.ts";
import { EVENT_TYPES, type Happening, readEvent } from "./events.ts";
import type { StatusLook } from "./status.ts";

/** Where the page's knowledge comes from at the moment. */
export type Contact = "live" | "polling" | "lost";

/** Who is told what comes in. */
export interface Listener {
  readonly onStatus: (status: StatusLook) => void;
  readonly onMetrics: (page: string | undefined) => void;
  readonly onEvent: (event: Happening) => void;
  readonly onContact: (contact: Contact) => void;
  /** The token is needed; nothing more comes until {@linkcode Feed.start}. */
  readonly onLocked: () => void;
}

/** The stream sends the status each second: after so long without, it is asked for. */
const SILENT_MS = 4000;
const POLL_MS = 2000;
/** How soon a stream that ended is tried again. */
const REOPEN_MS = 5000;
const METRICS_MS = 2000;
/** A page of metrics above this size, in characters, is read less often: it costs both sides. */
const LARGE_PAGE = 400_000;
const LARGE_METRICS_MS = 10_000;

/**
 * Keeps the page informed: by server-sent events, and where they do not come through, such as behind
 * a proxy that collects answers, by asking.
 */
export class Feed {
  readonly #listener: Listener;
  #stream: EventSource | undefined;
  #heardMs = 0;
  #metricsMs = METRICS_MS;
  #poller: number | undefined;
  #reopener: number | undefined;
  #scraper: number | undefined;
  #isPolling = false;
  /** Tells answers apart that come after a stop. */
  #run = 0;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  start(): void {
    this.stop();
    this.#heardMs = 0;
    void this.#poll(this.#run);
    void this.#readMetrics(this.#run);
    this.#open();
    this.#poller = setInterval(() => void this.#poll(this.#run), POLL_MS);
  }

  stop(): void {
    this.#run++;
    this.#stream?.close();
    this.#stream = undefined;
    clearInterval(this.#poller);
    this.#poller = undefined;
    clearTimeout(this.#reopener);
    clearTimeout(this.#scraper);
    this.#isPolling = false;
  }

  /**
   * Leaves the stream, and only asks. For a page that nobody sees: a browser has six connections to
   * one address, and as many pages with streams would leave none for anything else.
   */
  rest(): void {
    this.#stream?.close();
    this.#stream = undefined;
    clearTimeout(this.#reopener);
    this.#heardMs = 0;
  }

  /** Ends a {@linkcode Feed.rest}. */
  resume(): void {
    if (this.#poller !== undefined && this.#stream === undefined) this.#open();
  }

  #open(): void {
    clearTimeout(this.#reopener);
    // All that is still known comes each time: who shows it tells what it has already.
    const stream = new EventSource("/api/v1/events?since=0");
    this.#stream = stream;
    stream.addEventListener("stats", ({ data }) => this.#heard(data));
    for (const type of EVENT_TYPES) {
      stream.addEventListener(type, ({ data, lastEventId }) => {
        const event = readEvent(type, lastEventId, data);
        if (event !== undefined) this.#listener.onEvent(event);
      });
    }
    stream.addEventListener("error", () => {
      // Not left to the browser: it gives up for good when the answer is a refusal.
      stream.close();
      if (this.#stream !== stream) return;
      this.#stream = undefined;
      this.#heardMs = 0;
      this.#reopener = setTimeout(() => this.#open(), REOPEN_MS);
      void this.#poll(this.#run);
    });
  }

  #heard(data: string): void {
    const status: StatusLook = JSON.parse(data);
    this.#heardMs = performance.now();
    this.#listener.onContact("live");
    this.#listener.onStatus(status);
  }

  async #poll(run: number): Promise<void> {
    const isHeard = this.#heardMs > 0 && performance.now() - this.#heardMs < SILENT_MS;
    if (isHeard || this.#isPolling) return;
    this.#isPolling = true;
    try {
      const status = await readStatus();
      if (run !== this.#run) return;
      this.#listener.onContact("polling");
      this.#listener.onStatus(status);
    } catch (error) {
      if (run === this.#run) this.#fail(error);
    } finally {
      if (run === this.#run) this.#isPolling = false;
    }
  }

  async #readMetrics(run: number): Promise<void> {
    try {
      const page = await readMetrics();
      if (run !== this.#run) return;
      this.#metricsMs = (page?.length ?? 0) > LARGE_PAGE ? LARGE_METRICS_MS : METRICS_MS;
      this.#listener.onMetrics(page);
      // A Weir without metrics does not get them: it is asked now and then, as it may be replaced.
      if (page === undefined) this.#metricsMs = LARGE_METRICS_MS * 6;
    } catch {
      // The status fails as well, and tells it.
      if (run !== this.#run) return;
    }
    this.#scraper = setTimeout(() => void this.#readMetrics(run), this.#metricsMs);
  }

  #fail(error: unknown): void {
    if (error instanceof ApiError && error.status === 401) {
      this.stop();
      this.#listener.onLocked();
      return;
    }
    this.#listener.onContact("lost");
  }
}
