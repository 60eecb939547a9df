import { byId, element, setAttribute, setText } from "./dom.ts";
import { formatBytes, formatMs, formatNumber, NOTHING } from "./format.ts";
import type { Model } from "./model.ts";
import { isAvailable } from "./rows.ts";

/** One number that is looked at first. */
interface Tile {
  readonly name: string;
  readonly read: (model: Model) => Reading;
}

interface Reading {
  readonly value: string;
  readonly unit?: string;
  readonly note: string;
  readonly tone?: "warn" | "bad";
}

/** Shows the numbers above the charts. Returns what brings them up to date. */
export function startTiles(): (model: Model) => void {
  const list = byId("tiles", HTMLElement);
  const tiles = TILES.map(({ name, read }) => {
    const value = element("span", { class: "value" });
    const unit = element("span", { class: "unit" });
    const note = element("span", { class: "note" });
    const box = element("div", {}, element("dt", { text: name }));
    box.append(element("dd", {}, value, unit, note));
    list.append(box);
    return { box, value, unit, note, read };
  });
  return (model) => {
    for (const { box, value, unit, note, read } of tiles) {
      const reading = read(model);
      setText(value, reading.value);
      setText(unit, reading.value === NOTHING ? "" : reading.unit ?? "");
      setText(note, reading.note);
      setAttribute(box, "class", `tile ${reading.tone ?? ""}`);
    }
  };
}

const TILES: readonly Tile[] = [
  { name: "Requests", read: requests },
  {
    name: "Latency p50",
    read: median,
  },
  { name: "Latency p99", read: tail },
  { name: "Errors", read: errors },
  { name: "Retries", read: retries },
  { name: "In flight", read: inFlight },
  { name: "Waiting", read: waiting },
  { name: "Backends", read: backends },
];

/** Latency is told by the metrics alone. */
const NO_METRICS = "there is no /metrics";

function requests({ status, rates }: Model): Reading {
  const isHttp = status?.listeners.some(({ protocol }) => protocol === "http") ?? true;
  const traffic = rates === undefined ? "" : `${formatBytes(rates.bytesToClients)}/s sent`;
  if (!isHttp) return { value: formatNumber(rates?.connections), unit: "conn/s", note: traffic };
  return { value: formatNumber(rates?.requests), unit: "/s", note: traffic };
}

function latency(ms: number | undefined, note: string): Reading {
  const [value = NOTHING, unit = ""] = formatMs(ms).split(/ (?=[^ ]+$)/);
  return { value, unit, note };
}

function median({ metrics }: Model): Reading {
  return latency(metrics?.latencyMs?.p50, metrics === undefined ? NO_METRICS : "half are faster");
}

function tail({ metrics }: Model): Reading {
  const { p95, p99 } = metrics?.latencyMs ?? {};
  const note = p95 === undefined ? "" : `p95 ${formatMs(p95)}`;
  return latency(p99, metrics === undefined ? NO_METRICS : note);
}

function errors(model: Model): Reading {
  const { errors, rates } = model;
  if (errors === undefined || rates === undefined) return { value: NOTHING, note: "" };
  const work = Math.max(rates.requests, rates.connections);
  const part = work > 0 ? errors / work : 0;
  const note = `${formatNumber(rates.limited)}/s over a limit`;
  const tone = part >= 0.01 ? "bad" : part >= 0.001 ? "warn" : undefined;
  const value = formatNumber(errors);
  return { value, unit: "/s", note, ...(tone === undefined ? {} : { tone }) };
}

function retries({ rates, status }: Model): Reading {
  const isTold = status?.listeners.some(({ retriesDenied }) => retriesDenied !== undefined);
  const failed = `${formatNumber(rates?.failedAttempts)}/s attempts failed`;
  const denied = rates?.retriesDenied ?? 0;
  if (isTold !== true) return { value: formatNumber(rates?.retries), unit: "/s", note: failed };
  const note = denied > 0 ? `${formatNumber(denied)}/s over budget` : "none over budget";
  const tone = denied > 0 ? { tone: "warn" as const } : {};
  return { value: formatNumber(rates?.retries), unit: "/s", note, ...tone };
}

function inFlight({ status }: Model): Reading {
  if (status === undefined) return { value: NOTHING, note: "" };
  const all = status.upstreams.flatMap(({ backends }) => backends);
  const open = status.listeners.reduce((sum, { active }) => sum + active, 0);
  const value = formatNumber(all.reduce((sum, backend) => sum + backend.inFlight, 0));
  return { value, note: `${formatNumber(open)} client${open === 1 ? "" : "s"}` };
}

function waiting({ status }: Model): Reading {
  if (status === undefined) return { value: NOTHING, note: "" };
  const queues = status.upstreams.map(({ queue }) => queue);
  const length = queues.reduce((sum, queue) => sum + queue.length, 0);
  const longest = Math.max(0, ...queues.map(({ longestWaitMs }) => longestWaitMs));
  const tone = length > 0 ? { tone: "warn" as const } : {};
  return {
    value: formatNumber(length),
    note: length > 0 ? `longest ${formatMs(longest)}` : "nobody waits",
    ...tone,
  };
}

function backends({ status }: Model): Reading {
  if (status === undefined) return { value: NOTHING, note: "" };
  const all = status.upstreams.flatMap(({ backends }) => backends);
  const well = all.filter(isAvailable).length;
  const note = well === all.length ? "all available" : `${all.length - well} not available`;
  const isPanic = status.upstreams.some(({ panic }) => panic);
  const tone = isPanic || well === 0 ? "bad" : well < all.length ? "warn" : undefined;
  const value = String(well);
  return { value, unit: `of ${all.length}`, note, ...(tone === undefined ? {} : { tone }) };
}
