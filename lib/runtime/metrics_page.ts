import { Exposition, formatLabels } from "../metrics/exposition.ts";
import type { MetricTable } from "../metrics/metric_table.ts";
import { BACKEND_METRICS } from "./backend_metrics.ts";
import {
  LISTENER_METRICS,
  PROCESS_METRICS,
  REQUESTS,
  UPSTREAM_METRICS,
} from "./metric_families.ts";
import type { Layout } from "./layout.ts";
import type { BackendStatus, ListenerStatus, Status, UpstreamStatus } from "./status.ts";

/** What the page of metrics is written from. */
export interface MetricsSource {
  readonly status: Status;
  readonly table: MetricTable;
  /** Places of what is in the status, in the same order. */
  readonly layout: Layout;
  /** Memory of the process. */
  readonly residentBytes: number;
  /** When the process began, in milliseconds since 1970. */
  readonly startTimeMs: number;
}

/** One listener with what its samples are labelled with. */
export interface LabelledListener {
  readonly status: ListenerStatus;
  readonly index: number;
  readonly labels: string;
}

/** The same for an upstream. */
export interface LabelledUpstream {
  readonly status: UpstreamStatus;
  readonly index: number;
  readonly labels: string;
}

/** The same for a backend. */
export interface LabelledBackend {
  readonly status: BackendStatus;
  /** Place of the backend among those of all upstreams. */
  readonly index: number;
  readonly upstream: number;
  readonly labels: string;
}

/** Everything that is measured, in the text format of Prometheus. Always in the same order. */
export function writeMetrics(source: MetricsSource): string {
  const { status, table, layout } = source;
  const page = new Exposition();
  const listeners = status.listeners.map((listener, at): LabelledListener => {
    return {
      status: listener,
      index: layout.listeners[at]!,
      labels: formatLabels({ listener: listener.name }),
    };
  });
  const upstreams = status.upstreams.map((upstream, at): LabelledUpstream => {
    return {
      status: upstream,
      index: layout.upstreams[at]!,
      labels: formatLabels({ upstream: upstream.name }),
    };
  });
  const backends = labelBackends(status, layout);
  for (const { write, ...family } of PROCESS_METRICS) {
    page.begin(family);
    write(page, source);
  }
  for (const { write, ...family } of LISTENER_METRICS) {
    page.begin(family);
    for (const listener of listeners) write(page, listener, source);
  }
  page.begin(REQUESTS);
  writeRequests(page, { table, listeners, upstreams, backends });
  for (const { write, ...family } of UPSTREAM_METRICS) {
    page.begin(family);
    for (const upstream of upstreams) write(page, upstream, source);
  }
  for (const { write, ...family } of BACKEND_METRICS) {
    page.begin(family);
    for (const backend of backends) write(page, backend);
  }
  return page.toString();
}

function labelBackends({ upstreams }: Status, layout: Layout): LabelledBackend[] {
  return upstreams.flatMap(({ name, backends }, at) => {
    return backends.map((status, which) => ({
      status,
      index: layout.backends[at]![which]!,
      upstream: layout.upstreams[at]!,
      labels: formatLabels({ upstream: name, backend: status.id }),
    }));
  });
}

interface RequestParts {
  readonly table: MetricTable;
  readonly listeners: readonly LabelledListener[];
  readonly upstreams: readonly LabelledUpstream[];
  readonly backends: readonly LabelledBackend[];
}

/** Answers by who gave them: a backend, Weir in its stead, or Weir to what was for no upstream. */
function writeRequests(page: Exposition, parts: RequestParts): void {
  const { table, listeners, upstreams } = parts;
  const write = (labels: string, answers: ReturnType<MetricTable["answers"]>) => {
    for (const [code, count] of answers) page.sample(`${labels},code="${code}"`, count);
  };
  const members = Map.groupBy(parts.backends, ({ upstream }) => upstream);
  for (const { index, labels } of listeners) {
    write(`${labels},upstream="",backend=""`, table.ownAnswers(index));
  }
  const listenerAt = new Map(listeners.map((listener) => [listener.index, listener]));
  const upstreamAt = new Map(upstreams.map((upstream) => [upstream.index, upstream]));
  for (const { listener, upstream } of table.links) {
    const { labels } = listenerAt.get(listener)!;
    const own = `${labels},${upstreamAt.get(upstream)!.labels},backend=""`;
    write(own, table.answers(listener, upstream));
    for (const backend of members.get(upstream) ?? []) {
      write(`${labels},${backend.labels}`, table.answers(listener, upstream, backend.index));
    }
  }
}
