import { byId } from "./dom.ts";
import { formatMs, formatNumber } from "./format.ts";
import { Grid } from "./grid.ts";
import type { Model } from "./model.ts";
import { isAvailable } from "./rows.ts";
import type { ListenerLook, UpstreamLook } from "./status.ts";

/** Shows the tables of upstreams and listeners. Returns what brings them up to date. */
export function startOverview(): (model: Model) => void {
  let current: Model | undefined;
  const upstreams = new Grid<UpstreamLook>(byId("upstreams", HTMLElement), "Upstreams", [
    { title: "Upstream", text: ({ name }) => name },
    { title: "Algorithm", text: ({ algorithm }) => algorithm.replaceAll("_", " ") },
    { title: "Available", isNumber: true, text: availableText, tone: availableTone },
    {
      title: "Work/s",
      isNumber: true,
      text: ({ name }) => formatNumber(current?.rateOf(name)),
    },
    { title: "In flight", isNumber: true, text: (upstream) => formatNumber(inFlightOf(upstream)) },
    {
      title: "Waiting",
      isNumber: true,
      text: ({ queue }) => formatNumber(queue.length),
      tone: ({ queue }) => queue.length > 0 ? "warn" : "",
    },
    {
      title: "Longest wait",
      isNumber: true,
      text: ({ queue }) => formatMs(queue.longestWaitMs),
    },
  ]);
  const listeners = new Grid<ListenerLook>(byId("listeners", HTMLElement), "Listeners", [
    { title: "Listener", text: ({ name }) => name },
    { title: "Address", text: ({ address }) => address },
    { title: "Protocol", text: ({ protocol }) => protocol },
    { title: "Open", isNumber: true, text: ({ active }) => formatNumber(active) },
    { title: "Accepted", isNumber: true, text: ({ accepted }) => formatNumber(accepted) },
    {
      title: "Requests",
      isNumber: true,
      text: ({ protocol, requests }) => protocol === "http" ? formatNumber(requests) : "",
    },
    { title: "Retries", isNumber: true, text: ({ retries }) => formatNumber(retries) },
    { title: "Over a limit", isNumber: true, text: (one) => formatNumber(limited(one)) },
    { title: "Not served", isNumber: true, text: (one) => formatNumber(notServed(one)) },
  ]);
  return (model) => {
    current = model;
    upstreams.show(model.status?.upstreams ?? []);
    listeners.show(model.status?.listeners ?? []);
  };
}

function availableText({ backends, panic }: UpstreamLook): string {
  const text = `${backends.filter(isAvailable).length} of ${backends.length}`;
  return panic ? `${text}, panic` : text;
}

function availableTone({ backends, panic }: UpstreamLook): string {
  const well = backends.filter(isAvailable).length;
  if (panic || well === 0) return "bad";
  return well < backends.length ? "warn" : "";
}

function inFlightOf({ backends }: UpstreamLook): number {
  return backends.reduce((sum, { inFlight }) => sum + inFlight, 0);
}

function limited({ rejected, rejectedPerIp, rateLimited }: ListenerLook): number {
  return rejected + rejectedPerIp + rateLimited;
}

function notServed({ noBackend, queueFull, queueTimeouts, answersCut }: ListenerLook): number {
  return noBackend + queueFull + queueTimeouts + answersCut;
}
