import type {
  BackendLook,
  ListenerLook,
  StatusLook,
  WantedState,
} from "../../../dashboard/status.ts";
import type { EmitEvent } from "../../../lib/core/events.ts";
import { BUCKET_BOUNDS } from "../../../lib/metrics/histogram.ts";
import { seededRandom } from "../../support/seeded_random.ts";
import { backend } from "./looks.ts";

/** What a made-up Weir has. */
export interface MadeUpOptions {
  readonly upstreams?: readonly MadeUpUpstream[];
  readonly emit: EmitEvent;
}

/** An upstream and how much work it gets in a second. */
export interface MadeUpUpstream {
  readonly name: string;
  readonly algorithm: string;
  readonly rate: number;
  readonly backends: readonly MadeUpBackend[];
}

/** One of its backends. */
export interface MadeUpBackend {
  readonly id: string;
  readonly address: string;
  readonly weight: number;
  /** Seconds in which its checks fail. */
  readonly down?: readonly [from: number, to: number];
  readonly ejected?: readonly [from: number, to: number];
  readonly circuitOpen?: readonly [from: number, to: number];
  readonly state?: WantedState;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
interface Server extends Writable<Omit<BackendLook, "override" | "health">> {
  readonly made: MadeUpBackend;
  override?: { configuredWeight: number };
  health: { reason?: string; phi: number };
}

const RELOADS = { goodS: 95, badS: 200 };

/** Traffic that nobody sent, the same for the same seed, a second at a time. */
export class MadeUpTraffic {
  readonly #random = seededRandom(7);
  readonly #emit: EmitEvent;
  readonly #upstreams: readonly { readonly made: MadeUpUpstream; readonly servers: Server[] }[];
  readonly #listener: Writable<ListenerLook> & { retriesDenied: number };
  readonly #buckets = [...BUCKET_BOUNDS, Infinity].map(() => 0);
  readonly #codes = { "200": 0, "304": 0, "404": 0, "502": 0, "503": 0 };
  #seconds = 0;

  constructor({ upstreams = USUAL, emit }: MadeUpOptions) {
    this.#emit = emit;
    this.#upstreams = upstreams.map((made) => ({ made, servers: made.backends.map(serverOf) }));
    this.#listener = { ...NO_TRAFFIC, name: "public", address: "0.0.0.0:8080", protocol: "http" };
  }

  /** Lets seconds go by, up to this one. */
  advance(seconds: number): void {
    while (this.#seconds < seconds) this.#second(++this.#seconds);
  }

  /** What a page that was made faster sets its clock by stands in it as well. */
  status(): StatusLook & { readonly seconds: number } {
    const hasProblem = this.#seconds > RELOADS.badS;
    const problem = "upstreams.api.algorithm: must be one of round_robin, p2c, maglev: is p3c";
    return {
      seconds: this.#seconds,
      version: "0.1.0",
      ready: true,
      workers: 4,
      workerRestarts: 0,
      reloads: {
        done: this.#seconds > RELOADS.goodS ? 1 : 0,
        refused: hasProblem ? 1 : 0,
        ...(hasProblem ? { problems: [problem] } : {}),
      },
      listeners: [{ ...this.#listener }],
      upstreams: this.#upstreams.map(({ made: { name, algorithm }, servers }) => ({
        name,
        algorithm,
        panic: false,
        queue: { length: 0, longestWaitMs: 0 },
        backends: servers.map(({ made: _, ...look }) => ({ ...look, health: { ...look.health } })),
      })),
    };
  }

  metrics(): string {
    const labels = 'listener="public",upstream="web"';
    let count = 0;
    const buckets = this.#buckets.map((value, at) => {
      const bound = BUCKET_BOUNDS[at] ?? "+Inf";
      return `weir_request_duration_seconds_bucket{${labels},le="${bound}"} ${count += value}`;
    });
    const codes = Object.entries(this.#codes).map(([code, value]) => {
      return `weir_requests_total{${labels},backend="web-1",code="${code}"} ${value}`;
    });
    return [
      ...buckets,
      ...codes,
      `process_start_time_seconds ${Math.round(Date.now() / 1000) - 355_000}`,
      "",
    ].join("\n");
  }

  change(upstream: string, id: string, change: { state?: WantedState; weight?: number }): boolean {
    const server = this.#upstreams.find(({ made }) => made.name === upstream)?.servers
      .find((one) => one.id === id);
    if (server === undefined) return false;
    Object.assign(server, change, { override: { configuredWeight: server.made.weight } });
    const { weight, state } = server;
    this.#emit({ type: "override", upstream, backend: id, weight, state });
    return true;
  }

  #second(now: number): void {
    for (const { made, servers } of this.#upstreams) {
      for (const server of servers) this.#look(made.name, server, now);
      const able = servers.filter(isAble);
      const whole = able.reduce((sum, { weight }) => sum + weight, 0);
      const wave = 1 + 0.18 * Math.sin(now / 47) + 0.06 * Math.sin(now / 7) + 0.05 * this.#noise();
      const total = Math.round(made.rate * wave);
      for (const server of servers) server.inFlight = 0;
      for (const server of able) this.#serve(server, total * server.weight / whole);
      this.#count(able.length > 0 ? total : 0, now);
    }
  }

  #serve(server: Server, share: number): void {
    const work = Math.max(0, Math.round(share * (1 + 0.08 * this.#noise())));
    server.requests += work;
    server.connections += Math.round(work / 20);
    server.inFlight = Math.round(work * 0.018 * (1 + 0.4 * this.#noise()));
    server.bytesToBackend += work * 400;
    server.bytesToClient += work * 6200;
    server.health.phi = Math.max(0, 0.3 + 0.3 * this.#noise());
  }

  /** Latency of requests: a log-logistic distribution, a little slower in some minutes. */
  #count(total: number, now: number): void {
    const listener = this.#listener;
    listener.requests += total;
    listener.accepted += Math.round(total / 30);
    listener.active = Math.round(total * 0.4);
    const isTroubled = now % 240 > 150 && now % 240 < 185;
    const failed = isTroubled ? Math.round(total * 0.004 * (1 + this.#noise())) : 0;
    listener.retries += Math.round(total * (isTroubled ? 0.03 : 0.0006) * (1 + this.#noise()));
    this.#codes["502"] += failed;
    this.#codes["200"] += total - failed;
    const medianS = 0.011 * (1 + 0.1 * this.#noise()) * (isTroubled ? 1.5 : 1);
    let below = 0;
    for (const [at, bound] of [...BUCKET_BOUNDS, Infinity].entries()) {
      const upTo = total / (1 + (bound / medianS) ** -2.6);
      this.#buckets[at] = (this.#buckets[at] ?? 0) + upTo - below;
      below = upTo;
    }
  }

  #look(upstream: string, server: Server, now: number): void {
    const { id: backend, made } = server;
    const up = !within(made.down, now);
    if (up !== server.up) {
      const reason = up ? {} : { reason: DOWN_REASON };
      server.up = up;
      server.health = { ...reason, phi: up ? 0.3 : 12.4 };
      this.#emit({ type: "health", upstream, backend, up, ...reason });
    }
    if (!up) server.connectFailures += 1;
    const ejected = within(made.ejected, now);
    if (ejected !== server.ejected) {
      server.ejected = ejected;
      const reason = ejected ? "5 answers of 500 or above in a row" : "30 s are over";
      this.#emit({ type: "ejection", upstream, backend, ejected, reason });
    }
    if (ejected) server.failures += now % 3;
    const circuit = within(made.circuitOpen, now) ? "open" : "closed";
    if (circuit === server.circuit) return;
    server.circuit = circuit;
    this.#emit({ type: "circuit", upstream, backend, circuit, reason: "more than half failed" });
  }

  /** -1 to 1. */
  #noise(): number {
    return this.#random() * 2 - 1;
  }
}

/** An upstream of so many backends. */
export function manyBackends(count: number): MadeUpUpstream {
  const backends = Array.from({ length: count }, (_, at) => {
    const address = `10.1.${Math.floor(at / 250)}.${1 + at % 250}:8080`;
    return { id: `web-${at + 1}`, address, weight: 1 + at % 3 };
  });
  return { name: "web", algorithm: "p2c", rate: 20 * count, backends };
}

const DOWN_REASON = 'Cannot connect to "10.0.1.14:8080": Connection refused';
const NO_TRAFFIC = {
  active: 0,
  accepted: 0,
  rejected: 0,
  rejectedPerIp: 0,
  noBackend: 0,
  queueFull: 0,
  queueTimeouts: 0,
  rateLimited: 0,
  retries: 0,
  retriesDenied: 0,
  requests: 0,
  answersCut: 0,
};
const USUAL: readonly MadeUpUpstream[] = [
  {
    name: "web",
    algorithm: "least_connections",
    rate: 1240,
    backends: [
      { id: "web-1", address: "10.0.1.11:8080", weight: 2 },
      { id: "web-2", address: "10.0.1.12:8080", weight: 2 },
      { id: "web-3", address: "10.0.1.13:8080", weight: 2 },
      { id: "web-4", address: "10.0.1.14:8080", weight: 2, down: [150, 100_000] },
      { id: "web-5", address: "10.0.1.15:8080", weight: 1 },
    ],
  },
  {
    name: "api",
    algorithm: "p2c",
    rate: 420,
    backends: [
      { id: "api-1", address: "10.0.2.11:9000", weight: 1 },
      { id: "api-2", address: "10.0.2.12:9000", weight: 1, ejected: [152, 185] },
      { id: "api-3", address: "10.0.2.13:9000", weight: 1, circuitOpen: [270, 100_000] },
    ],
  },
  {
    name: "images",
    algorithm: "consistent_hash",
    rate: 260,
    backends: [
      { id: "img-1", address: "10.0.3.11:8080", weight: 1 },
      { id: "img-2", address: "10.0.3.12:8080", weight: 1, state: "drain" },
    ],
  },
];

function serverOf(made: MadeUpBackend): Server {
  const { id, address, weight, state = "ready" } = made;
  return { ...backend({ id, address, weight, state }), made, health: { phi: 0.2 } };
}

function isAble({ up, ejected, circuit, state, weight }: Server): boolean {
  return up && !ejected && circuit === "closed" && state === "ready" && weight > 0;
}

function within(span: readonly [number, number] | undefined, now: number): boolean {
  return span !== undefined && now >= span[0] && now < span[1];
}
