import type { Circuit } from "../core/guard_word.ts";
import type { BackendState } from "../core/types.ts";
import type { Exposition, Family } from "../metrics/exposition.ts";
import type { LabelledBackend } from "./metrics_page.ts";

/** A metric of backends, and where its samples come from. */
interface BackendMetric extends Family {
  readonly write: (page: Exposition, backend: LabelledBackend) => void;
}

/** Of each backend. */
export const BACKEND_METRICS: readonly BackendMetric[] = [
  {
    name: "weir_backend_up",
    help: "1 while its checks say that the backend is well.",
    type: "gauge",
    write: (page, { status, labels }) => page.sample(labels, Number(status.up)),
  },
  {
    name: "weir_backend_ejected",
    help: "1 while outlier detection holds the backend off.",
    type: "gauge",
    write: (page, { status, labels }) => page.sample(labels, Number(status.ejected)),
  },
  {
    name: "weir_circuit_state",
    help: "Circuit of the backend: 0 closed, 1 half open, 2 open.",
    type: "gauge",
    write: (page, { status, labels }) => page.sample(labels, CIRCUIT_VALUES[status.circuit]),
  },
  {
    name: "weir_backend_in_flight",
    help: "Connections or requests under way on the backend.",
    type: "gauge",
    write: (page, { status, labels }) => page.sample(labels, status.inFlight),
  },
  {
    name: "weir_backend_weight",
    help: "Weight of the backend that is in force, also while it is held off; 0 drains it.",
    type: "gauge",
    write: (page, { status, labels }) => page.sample(labels, status.weight),
  },
  {
    name: "weir_backend_state",
    help: "What operators want of the backend: 0 ready, 1 drain, 2 maintenance.",
    type: "gauge",
    write: (page, { status, labels }) => page.sample(labels, STATE_VALUES[status.state]),
  },
  {
    name: "weir_backend_concurrency_limit",
    help: "Most work at once by the adaptive limit; 0: no limit, or none needed yet.",
    type: "gauge",
    write: (page, { status, labels }) => page.sample(labels, status.concurrencyLimit),
  },
  {
    name: "weir_backend_health_checks_total",
    help: "Checks of the backend, by result.",
    type: "counter",
    write: (page, { status: { health }, labels }) => {
      if (health === undefined) return;
      page.sample(`${labels},result="passed"`, health.passed);
      page.sample(`${labels},result="failed"`, health.failed);
    },
  },
  {
    name: "weir_backend_phi",
    help: "Level of suspicion against the backend, 0 to 100; with detector phi_accrual only.",
    type: "gauge",
    write: (page, { status: { health }, labels }) => {
      if (health?.phi !== undefined) page.sample(labels, health.phi);
    },
  },
  {
    name: "weir_backend_connections_total",
    help: "Connections to the backend that were used.",
    type: "counter",
    write: (page, { status, labels }) => page.sample(labels, status.connections),
  },
  {
    name: "weir_backend_connect_failures_total",
    help: "Connections to the backend that could not be opened.",
    type: "counter",
    write: (page, { status, labels }) => page.sample(labels, status.connectFailures),
  },
  {
    name: "weir_backend_failures_total",
    help: "Work on the backend that failed after it was connected.",
    type: "counter",
    write: (page, { status, labels }) => page.sample(labels, status.failures),
  },
  {
    name: "weir_backend_requests_total",
    help: "Requests sent to the backend, retries included.",
    type: "counter",
    write: (page, { status, labels }) => page.sample(labels, status.requests),
  },
  {
    name: "weir_backend_bytes_total",
    help: "Bytes delivered to the backend (out) and from it (in); of HTTP only bodies.",
    type: "counter",
    write: (page, { status, labels }) => {
      page.sample(`${labels},direction="in"`, status.bytesToClient);
      page.sample(`${labels},direction="out"`, status.bytesToBackend);
    },
  },
  {
    name: "weir_pool_idle",
    help: "Connections to the backend that wait for work.",
    type: "gauge",
    write: (page, { status, labels }) => page.sample(labels, status.idle),
  },
  {
    name: "weir_pool_open",
    help: "Connections to the backend that are open, idle or not; of HTTP only.",
    type: "gauge",
    write: (page, { status, labels }) => page.sample(labels, status.open),
  },
  {
    name: "weir_pool_reuse_total",
    help: "Requests on a connection that had carried one before.",
    type: "counter",
    write: (page, { status, labels }) => page.sample(labels, status.reuses),
  },
  {
    name: "weir_pool_exhausted_total",
    help: "Times that a connection was wanted and the most were open.",
    type: "counter",
    write: (page, { status, labels }) => page.sample(labels, status.poolExhausted),
  },
];

const STATE_VALUES: Readonly<Record<BackendState, number>> = { ready: 0, drain: 1, maintenance: 2 };
const CIRCUIT_VALUES: Readonly<Record<Circuit, number>> = { closed: 0, half_open: 1, open: 2 };
