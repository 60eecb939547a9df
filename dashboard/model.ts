import { backendsOf, type Flow, flowBetween, increase, keyOf, workOf } from "./counters.ts";
import { History, type Point } from "./history.ts";
import { type MetricsLook, Scrapes } from "./scrapes.ts";
import { assignColours, Track } from "./shares.ts";
import type { BackendLook, StatusLook } from "./status.ts";

/** Two looks in a shorter time than this, in seconds, say nothing about rates. */
const SHORTEST_S = 0.4;
/** What a table shows is the mean of so many points: calm, and soon there. */
const CALM_POINTS = 5;
/** How often it is looked at who has most of the work, in points. */
const RANK_EVERY = 10;

/** What is known of one backend over time. */
interface BackendTrack {
  readonly work: Track;
  readonly failures: Track;
  last: BackendLook;
}

/** All that the page knows: the last status, and what the ones before it say about time. */
export class Model {
  readonly history = new History();
  /** Work of all backends of an upstream, by name; all of them together under "". */
  readonly totals = new Map<string, Track>();
  status: StatusLook | undefined;
  /** In a second; absent until there are two looks. */
  rates: Flow | undefined;
  /** Absent where there are no metrics. */
  metrics: MetricsLook | undefined;
  /** Keys of the backends that have a colour, by upstream. */
  #colours = new Map<string, readonly (string | undefined)[]>();
  #tracks = new Map<string, BackendTrack>();
  #scrapes = new Scrapes();
  #before: { readonly status: StatusLook; readonly atMs: number } | undefined;
  #points = 0;

  /** @param atMs when it came, milliseconds since 1970 */
  takeStatus(status: StatusLook, atMs: number): void {
    this.status = status;
    const seconds = this.#before === undefined ? 0 : (atMs - this.#before.atMs) / 1000;
    if (this.#before === undefined) this.#before = { status, atMs };
    // A clock that was set back must not stop the page.
    if (seconds < 0) this.#before = { status, atMs };
    if (seconds < SHORTEST_S) return this.#keepBackends(status);
    this.rates = perSecond(flowBetween(this.#before.status, status), seconds);
    this.#before = { status, atMs };
    this.#trackBackends(status, seconds);
    this.history.add(atMs / 1000, this.#point(status, this.rates));
    this.#points++;
  }

  /** @param atMs when it came; @param page text of `GET /metrics`; `undefined` when there is none */
  takeMetrics(page: string | undefined, atMs: number): void {
    if (page === undefined) {
      this.metrics = undefined;
      this.#scrapes = new Scrapes();
      return;
    }
    this.metrics = this.#scrapes.take(page, atMs);
  }

  /** Failed clients in a second: answers of 500 and above, where metrics tell, and no answers. */
  get errors(): number | undefined {
    if (this.rates === undefined) return undefined;
    const { notServed, notServedTcp, answersCut } = this.rates;
    const serverErrors = this.metrics?.serverErrors;
    // With metrics, Weir's own refusals over HTTP are among the answers of 500 and above.
    if (serverErrors === undefined) return notServed + answersCut;
    return serverErrors + notServedTcp + answersCut;
  }

  /** Numbers of the points in the history. */
  get places(): number[] {
    const count = this.history.times.length;
    return Array.from({ length: count }, (_, at) => this.#points - count + at);
  }

  /** What a backend gets and what of it fails, in a second. */
  loadOf(upstream: string, backend: string): BackendLoad {
    const track = this.#tracks.get(keyOf(upstream, backend));
    const total = this.totals.get(upstream);
    if (track === undefined || total === undefined || this.#points === 0) return NO_LOAD;
    const rate = this.#recent(track.work);
    const whole = this.#recent(total);
    return {
      rate,
      failures: this.#recent(track.failures),
      ...(whole > 0 ? { share: rate / whole } : {}),
    };
  }

  /** Work of an upstream in a second. */
  rateOf(upstream: string): number {
    const total = this.totals.get(upstream);
    return total === undefined || this.#points === 0 ? 0 : this.#recent(total);
  }

  /** Who is told apart in the chart of shares. @param upstream "" is all of them */
  coloursOf(upstream: string): readonly (string | undefined)[] {
    const known = this.#colours.get(upstream);
    if (known !== undefined && this.#points % RANK_EVERY !== 0) return known;
    const keys = this.#keysOf(upstream);
    const sums = new Map(keys.map((key) => [key, this.#tracks.get(key)?.work.sum ?? 0]));
    const ranked = keys.toSorted((a, b) => (sums.get(b) ?? 0) - (sums.get(a) ?? 0));
    const colours = assignColours(ranked, known ?? []);
    this.#colours.set(upstream, colours);
    return colours;
  }

  /** Work of a backend over time. */
  workOf(key: string): Track | undefined {
    return this.#tracks.get(key)?.work;
  }

  #keysOf(upstream: string): string[] {
    const upstreams = this.status?.upstreams ?? [];
    return upstreams.filter(({ name }) => upstream === "" || name === upstream)
      .flatMap(({ name, backends }) => backends.map(({ id }) => keyOf(name, id)));
  }

  #recent(track: Track): number {
    return track.recent(this.#points - 1, CALM_POINTS);
  }

  #point(status: StatusLook, rates: Flow): Point {
    const inFlight = backendsOf(status).reduce((sum, [, backend]) => sum + backend.inFlight, 0);
    const queued = status.upstreams.reduce((sum, { queue }) => sum + queue.length, 0);
    const { requests, connections, failedAttempts, retries, limited } = rates;
    const errors = this.errors ?? 0;
    const counts = { requests, connections, failedAttempts, retries, limited, errors };
    return { ...counts, inFlight, queued, ...this.metrics?.latencyMs };
  }

  /** Those that are new have something to be compared with next time. */
  #keepBackends(status: StatusLook): void {
    for (const [key, backend] of backendsOf(status)) {
      if (!this.#tracks.has(key)) this.#tracks.set(key, createTrack(backend));
    }
  }

  #trackBackends(status: StatusLook, seconds: number): void {
    const place = this.#points;
    let all = 0;
    const alive = new Set<string>();
    for (const { name, backends } of status.upstreams) {
      let sum = 0;
      for (const backend of backends) {
        const key = keyOf(name, backend.id);
        alive.add(key);
        sum += this.#trackBackend(key, backend, { place, seconds });
      }
      this.#total(name).set(place, sum);
      all += sum;
    }
    this.#total("").set(place, all);
    for (const key of this.#tracks.keys()) if (!alive.has(key)) this.#tracks.delete(key);
    const names = new Set(["", ...status.upstreams.map(({ name }) => name)]);
    for (const name of this.totals.keys()) if (!names.has(name)) this.totals.delete(name);
    for (const name of this.#colours.keys()) if (!names.has(name)) this.#colours.delete(name);
  }

  #trackBackend(
    key: string,
    backend: BackendLook,
    { place, seconds }: { readonly place: number; readonly seconds: number },
  ): number {
    const track = this.#tracks.get(key) ?? createTrack(backend);
    this.#tracks.set(key, track);
    const rate = increase(workOf(backend), workOf(track.last)) / seconds;
    const failures = increase(failuresOf(backend), failuresOf(track.last)) / seconds;
    track.work.set(place, rate);
    track.failures.set(place, failures);
    track.last = backend;
    return rate;
  }

  #total(upstream: string): Track {
    const known = this.totals.get(upstream) ?? new Track();
    this.totals.set(upstream, known);
    return known;
  }
}

/** What one backend does of late. */
export interface BackendLoad {
  /** Work in a second. */
  readonly rate: number;
  /** Attempts that failed, in a second. */
  readonly failures: number;
  /** Its part of its upstream's work, 0 to 1; absent while there is none. */
  readonly share?: number;
}

const NO_LOAD: BackendLoad = { rate: 0, failures: 0 };

function createTrack(last: BackendLook): BackendTrack {
  return { work: new Track(), failures: new Track(), last };
}

function failuresOf({ connectFailures, failures }: BackendLook): number {
  return connectFailures + failures;
}

function perSecond(flow: Flow, seconds: number): Flow {
  return {
    requests: flow.requests / seconds,
    connections: flow.connections / seconds,
    notServed: flow.notServed / seconds,
    notServedTcp: flow.notServedTcp / seconds,
    answersCut: flow.answersCut / seconds,
    limited: flow.limited / seconds,
    retries: flow.retries / seconds,
    retriesDenied: flow.retriesDenied / seconds,
    failedAttempts: flow.failedAttempts / seconds,
    bytesToBackends: flow.bytesToBackends / seconds,
    bytesToClients: flow.bytesToClients / seconds,
  };
}
