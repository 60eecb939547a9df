import { EventHub } from "../../../lib/admin/event_hub.ts";
import { AdminHandler } from "../../../lib/admin/handler.ts";
import type { Clock } from "../../../lib/core/clock.ts";
import { freeAddress } from "../../support/free_port.ts";
import { MemoryLog } from "../../support/memory_log.ts";
import { within } from "../../support/wait.ts";
import { AdminBench } from "../support.ts";
import { MadeUpTraffic, type MadeUpUpstream } from "./made_up_traffic.ts";

/** What is special about a made-up Weir. */
export interface MadeUpWeirOptions {
  readonly upstreams?: readonly MadeUpUpstream[];
  readonly token?: string;
  /** How many times faster than usual its time goes. */
  readonly speed?: number;
  /** Nobody may listen to events. */
  readonly isMute?: boolean;
}

/** The real admin interface, on a socket, over traffic that is made up. */
export class MadeUpWeir implements AsyncDisposable {
  readonly url: string;
  readonly traffic: MadeUpTraffic;
  readonly #server: Deno.HttpServer;
  readonly #events: EventHub;

  constructor({ upstreams, token, speed = 1, isMute = false }: MadeUpWeirOptions = {}) {
    const start = performance.now();
    const clock = fasterClock(speed);
    const traffic = new MadeUpTraffic({
      ...(upstreams === undefined ? {} : { upstreams }),
      emit: (event) => this.#events.emit(event),
    });
    const status = () => {
      traffic.advance(Math.floor((performance.now() - start) * speed / 1000));
      return traffic.status();
    };
    const wallMs = () => Date.now() + (performance.now() - start) * (speed - 1);
    this.#events = new EventHub({ clock, wallMs, stats: status });
    this.traffic = traffic;
    const address = freeAddress();
    const [hostname = "", port = ""] = address.split(":");
    using bench = new AdminBench();
    const handler = new AdminHandler({
      config: { address: { kind: "tcp", hostname, port: Number(port) }, hosts: [] },
      token,
      target: {
        ...bench.target,
        status,
        changeBackend: (upstream, id, patch) => traffic.change(upstream, id, patch),
      },
      events: this.#events,
      clock,
      log: new MemoryLog(),
    });
    this.url = `http://${address}`;
    this.#server = Deno.serve({ hostname, port: Number(port), onListen: () => {} }, (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/metrics") return new Response(traffic.metrics());
      if (isMute && pathname === "/api/v1/events") return new Response(null, { status: 503 });
      return handler.answer(request, "127.0.0.1");
    });
  }

  /** Pages and others that listen to events now. */
  get listeners(): number {
    return this.#events.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#events[Symbol.dispose]();
    await within("the end of the admin interface", this.#server.shutdown());
  }
}

/** Script that makes the time of a page go as fast, and exactly as what it is told does. */
export function fasterPage(speed: number): string {
  return `(() => {
    const start = Date.now(), parse = JSON.parse, [after, every] = [setTimeout, setInterval];
    let seconds = 0;
    Date.now = () => start + seconds * 1000;
    JSON.parse = (text) => {
      const value = parse(text);
      seconds = value?.seconds ?? seconds;
      return value;
    };
    Response.prototype.json = async function () {
      return JSON.parse(await this.text());
    };
    globalThis.setTimeout = (run, ms) => after(run, ms / ${speed});
    globalThis.setInterval = (run, ms) => every(run, ms / ${speed});
  })();`;
}

function fasterClock(speed: number): Clock {
  return {
    now: () => performance.now() * speed,
    after: (delayMs, run) => {
      const timer = setTimeout(run, delayMs / speed);
      return { [Symbol.dispose]: () => clearTimeout(timer) };
    },
  };
}
