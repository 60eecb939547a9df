import { type Exposition, type Family, formatLabels } from "../metrics/exposition.ts";
import type { LabelledListener, LabelledUpstream, MetricsSource } from "./metrics_page.ts";

/** A metric and where its samples come from. */
interface ProcessMetric extends Family {
  readonly write: (page: Exposition, source: MetricsSource) => void;
}
/** The same, asked for each listener or upstream. */
interface PartMetric<P> extends Family {
  readonly write: (page: Exposition, part: P, source: MetricsSource) => void;
}
/** Of the process as a whole. */
export const PROCESS_METRICS: readonly ProcessMetric[] = [
  {
    name: "weir_build_info",
    help: "Always 1; the version is in the label.",
    type: "gauge",
    write: (page, { status: { version } }) => page.sample(formatLabels({ version }), 1),
  },
  {
    name: "weir_ready",
    help: "1 while every listener is open and no drain has begun.",
    type: "gauge",
    write: (page, { status }) => page.sample("", Number(status.ready)),
  },
  {
    name: "weir_workers",
    help: "Data plane threads.",
    type: "gauge",
    write: (page, { status }) => page.sample("", status.workers),
  },
  {
    name: "weir_worker_restarts_total",
    help: "Data plane threads that died and were replaced.",
    type: "counter",
    write: (page, { status }) => page.sample("", status.workerRestarts),
  },
  {
    name: "weir_log_records_dropped_total",
    help: "Log records lost because a thread wrote faster than they could be read.",
    type: "counter",
    write: (page, { status }) => page.sample("", status.logDropped),
  },
  {
    name: "weir_certificate_expiry_seconds",
    help: "Time left until a certificate that listeners show expires; below zero when it has.",
    type: "gauge",
    write: (page, { status: { certificates } }) => {
      for (const { name, secondsLeft } of certificates) {
        page.sample(formatLabels({ name }), secondsLeft);
      }
    },
  },
  {
    name: "weir_access_log_dropped_total",
    help: "Lines of the access log lost: nobody took them in time, or writing them failed.",
    type: "counter",
    write: (page, { status: { accessLog } }) => {
      page.sample(formatLabels({ reason: "too_slow" }), accessLog?.dropped ?? 0);
      page.sample(formatLabels({ reason: "write_failed" }), accessLog?.failed ?? 0);
    },
  },
  {
    name: "weir_trace_spans_dropped_total",
    help: "Spans lost: there was no room for them, or the collector did not take them.",
    type: "counter",
    write: (page, { status: { tracing } }) => {
      page.sample(formatLabels({ reason: "queue_full" }), tracing?.dropped ?? 0);
      page.sample(formatLabels({ reason: "send_failed" }), tracing?.failed ?? 0);
    },
  },
  {
    name: "weir_config_reloads_total",
    help: "Reloads of the configuration, by what came of them.",
    type: "counter",
    write: (page, { status: { reloads } }) => {
      page.sample(formatLabels({ result: "done" }), reloads?.done ?? 0);
      page.sample(formatLabels({ result: "refused" }), reloads?.refused ?? 0);
    },
  },
  {
    name: "weir_config_last_reload_success",
    help: "0 when the last reload was refused and the configuration before it is in force.",
    type: "gauge",
    write: (page, { status: { reloads } }) => {
      page.sample("", reloads?.problems === undefined ? 1 : 0);
    },
  },
  {
    name: "process_resident_memory_bytes",
    help: "Resident memory of the process.",
    type: "gauge",
    write: (page, { residentBytes }) => page.sample("", residentBytes),
  },
  {
    name: "process_start_time_seconds",
    help: "When the process began, since 1970.",
    type: "gauge",
    write: (page, { startTimeMs }) => page.sample("", startTimeMs / 1000),
  },
];

/** Of each listener. */
export const LISTENER_METRICS: readonly PartMetric<LabelledListener>[] = [
  {
    name: "weir_connections_active",
    help: "Open connections of clients.",
    type: "gauge",
    write: (page, { status, labels }) => page.sample(labels, status.active),
  },
  {
    name: "weir_connections_total",
    help: "Connections of clients that were accepted.",
    type: "counter",
    write: (page, { status, labels }) => page.sample(labels, status.accepted),
  },
  {
    name: "weir_bytes_total",
    help: "Bytes that came from clients (in) and that went to them (out).",
    type: "counter",
    write: (page, { index, labels }, { table }) => {
      const { received, sent } = table.traffic(index);
      page.sample(`${labels},direction="in"`, received);
      page.sample(`${labels},direction="out"`, sent);
    },
  },
  {
    name: "weir_rejected_total",
    help: "Connections and requests that Weir turned away, by the word of X-Weir-Reason.",
    type: "counter",
    write: (page, { status, index, labels }, { table }) => {
      for (const [reason, count] of [...connectionLimits(status), ...table.rejected(index)]) {
        page.sample(`${labels},reason="${reason}"`, count);
      }
    },
  },
  {
    name: "weir_tls_handshakes_total",
    help: "TLS handshakes with clients, by what came of them.",
    type: "counter",
    write: (page, { status: { tls }, labels }) => {
      if (tls === undefined) return;
      page.sample(`${labels},result="done"`, tls.handshakes);
      for (const [kind, count] of Object.entries(tls.failures)) {
        page.sample(`${labels},result="${kind}"`, count);
      }
    },
  },
  {
    name: "weir_no_backend_total",
    help: "Connections and requests that found no backend to go to, at first or after a failure.",
    type: "counter",
    write: (page, { status, labels }) => page.sample(labels, status.noBackend),
  },
  {
    name: "weir_requests_started_total",
    help: "Requests whose head was read.",
    type: "counter",
    write: (page, { status, labels }) => {
      if (status.protocol === "http") page.sample(labels, status.requests);
    },
  },
  {
    name: "weir_answers_cut_total",
    help: "Answers that a backend began and did not end.",
    type: "counter",
    write: (page, { status, labels }) => {
      if (status.protocol === "http") page.sample(labels, status.answersCut);
    },
  },
  {
    name: "weir_retries_denied_total",
    help: "Retries that the budget did not allow.",
    type: "counter",
    write: (page, { status, labels }) => {
      if (status.protocol === "http") page.sample(labels, status.retriesDenied);
    },
  },
  {
    name: "weir_request_duration_seconds",
    help: "From the end of a request's head to the end of its answer.",
    type: "histogram",
    write: (page, { status, index, labels }, { status: { upstreams }, table, layout }) => {
      if (status.protocol !== "http") return;
      for (const { listener, upstream } of table.linksOf(index)) {
        const at = layout.upstreams.indexOf(upstream);
        const name = formatLabels({ upstream: upstreams[at]!.name });
        page.histogram(`${labels},${name}`, table.durations(listener, upstream));
      }
    },
  },
];

/** Of who answered what. */
export const REQUESTS: Family = {
  name: "weir_requests_total",
  help: "Requests that have ended, by the status that the client was told. The backend is empty " +
    "where Weir answered itself.",
  type: "counter",
};

/** Of each upstream. */
export const UPSTREAM_METRICS: readonly PartMetric<LabelledUpstream>[] = [
  {
    name: "weir_upstream_connect_duration_seconds",
    help: "How long it took to open connections to backends.",
    type: "histogram",
    write: (page, { index, labels }, { table }) => page.histogram(labels, table.connects(index)),
  },
  {
    name: "weir_queue_length",
    help: "Work that waits because every backend is full.",
    type: "gauge",
    write: (page, { status, labels }) => page.sample(labels, status.queue.length),
  },
  {
    name: "weir_queue_longest_wait_seconds",
    help: "How long the first in the queue has been waiting.",
    type: "gauge",
    write: (page, { status, labels }) => page.sample(labels, status.queue.longestWaitMs / 1000),
  },
  {
    name: "weir_queue_wait_seconds",
    help: "How long work waited until a backend had room, or its time was up.",
    type: "histogram",
    write: (page, { index, labels }, { table }) => page.histogram(labels, table.waits(index)),
  },
  {
    name: "weir_retries_total",
    help: "Attempts after the first, by why the one before failed.",
    type: "counter",
    write: (page, { index, labels }, { table }) => {
      const sums = new Map<string, number>();
      for (const { listener, upstream } of table.linksTo(index)) {
        for (const [reason, count] of table.retries(listener, upstream)) {
          sums.set(reason, (sums.get(reason) ?? 0) + count);
        }
      }
      for (const [reason, sum] of sums) page.sample(`${labels},reason="${reason}"`, sum);
    },
  },
  {
    name: "weir_panic",
    help: "1 while so few backends are well that those that are not are tried too.",
    type: "gauge",
    write: (page, { status, labels }) => page.sample(labels, Number(status.panic)),
  },
];

/** What the status counts by itself. */
function connectionLimits(status: LabelledListener["status"]): readonly [string, number][] {
  const counts: [string, number][] = [
    ["max_connections", status.rejected],
    ["max_connections_per_ip", status.rejectedPerIp],
    ["queue_full", status.queueFull],
    ["queue_timeout", status.queueTimeouts],
    ["rate_limited", status.rateLimited],
    ["denied", status.denied],
    ["proxy_header", status.proxyRefused],
    ["no_client_hello", status.helloRefused],
    ["unknown_server_name", status.unknownName],
  ];
  return counts;
}
