import type { BackendOf, Overlay } from "../config/overlay.ts";
import type { BackendStatus, Status, UpstreamStatus } from "../runtime/status.ts";
import { formatTable } from "./table.ts";

/** What `weir ctl status` prints. */
export function statusText(status: Status): string {
  const { version, ready, workers, workerRestarts, overlay, listeners, upstreams } = status;
  const restarts = workerRestarts === 0 ? "" : `, ${workerRestarts} replaced`;
  return [
    `weir ${version}: ${ready ? "ready" : "not ready"}, ${workers} data plane threads${restarts}`,
    ...(overlay === undefined ? [] : overlayText(overlay)),
    "",
    ...formatTable(
      [
        ["LISTENER", "left"],
        ["ADDRESS", "left"],
        ["PROTOCOL", "left"],
        ["OPEN", "right"],
        ["ACCEPTED", "right"],
        ["REQUESTS", "right"],
        ["RETRIES", "right"],
        ["REFUSED", "right"],
      ],
      listeners.map((listener) => [
        listener.name,
        listener.address,
        listener.protocol,
        String(listener.active),
        String(listener.accepted),
        String(listener.requests),
        String(listener.retries),
        String(refused(listener)),
      ]),
    ),
    "",
    ...formatTable(
      [
        ["UPSTREAM", "left"],
        ["ALGORITHM", "left"],
        ["AVAILABLE", "right"],
        ["IN FLIGHT", "right"],
        ["WAITING", "right"],
        ["PANIC", "left"],
      ],
      upstreams.map((upstream) => [
        upstream.name,
        upstream.algorithm,
        `${upstream.backends.filter(isAvailable).length}/${upstream.backends.length}`,
        String(upstream.backends.reduce((sum, { inFlight }) => sum + inFlight, 0)),
        String(upstream.queue.length),
        upstream.panic ? "yes" : "no",
      ]),
    ),
  ].join("\n");
}

function overlayText({ added, removed }: Overlay): string[] {
  const name = ({ upstream, spec }: BackendOf) => `${upstream}/${spec.id}`;
  const changes = [
    ...added.map((backend) => `added ${name(backend)}`),
    ...removed.map((backend) => `removed ${name(backend)}`),
  ];
  return changes.length === 0 ? [] : [`changed at run time: ${changes.join(", ")}`];
}

/** What `weir ctl backends` prints. */
export function backendsText(upstreams: readonly UpstreamStatus[]): string {
  const rows = upstreams.flatMap(({ name, backends }) => {
    return backends.map((backend) => [
      `${name}/${backend.id}`,
      backend.address,
      stateText(backend),
      weightText(backend),
      String(backend.inFlight),
      String(backend.idle),
      String(backend.requests === 0 ? backend.connections : backend.requests),
      String(backend.failures + backend.connectFailures),
      backend.health?.reason ?? "",
    ]);
  });
  return formatTable([
    ["BACKEND", "left"],
    ["ADDRESS", "left"],
    ["STATE", "left"],
    ["WEIGHT", "right"],
    ["IN FLIGHT", "right"],
    ["IDLE", "right"],
    ["WORK", "right"],
    ["FAILED", "right"],
    ["REASON", "left"],
  ], rows).join("\n");
}

/** What a change of a backend came to. */
export function changedText(upstream: string, backend: BackendStatus): string {
  const { id, inFlight } = backend;
  const open = backend.state === "ready" ? "" : `, ${inFlight} in flight`;
  return `${upstream}/${id}: ${stateText(backend)}, weight ${weightText(backend)}${open}`;
}

/** In one word, the first thing that keeps it from new work. */
function stateText({ state, up, health, ejected, circuit, weight }: BackendStatus): string {
  if (state !== "ready") return state;
  // After maintenance, for as long as the first check takes.
  if (!up && health !== undefined && health.lastCheck === undefined) return "checking";
  if (!up) return "down";
  if (ejected) return "ejected";
  if (circuit !== "closed") return `circuit ${circuit.replace("_", " ")}`;
  return weight === 0 ? "weight 0" : "up";
}

function weightText({ weight, override }: BackendStatus): string {
  return override?.weight === undefined
    ? String(weight)
    : `${weight} (${override.configuredWeight})`;
}

function isAvailable({ state, up, ejected, weight }: BackendStatus): boolean {
  return state === "ready" && up && !ejected && weight > 0;
}

function refused(listener: Status["listeners"][number]): number {
  const { rejected, rejectedPerIp, noBackend, queueFull, queueTimeouts, rateLimited } = listener;
  return rejected + rejectedPerIp + noBackend + queueFull + queueTimeouts + rateLimited;
}
