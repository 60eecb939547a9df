import type { RouteVerdict } from "../route/explain_route.ts";
import type { Explanation, UpstreamExplanation } from "../runtime/explanation.ts";
import { formatTable } from "./table.ts";

/** An explanation for people. */
export function explanationText(explanation: Explanation): string {
  const { listener, request, client, routes, outcome } = explanation;
  const query = request?.query === undefined ? "" : `?${request.query}`;
  const what = request === undefined
    ? "connection"
    : `${request.method} ${request.path}${query} for host ${request.host || "(none)"}`;
  const lines = [
    `${what}${client === undefined ? "" : ` from ${client}`}`,
    `listener ${listener.name} (${listener.protocol} on ${listener.address})`,
    ...routes.flatMap(routeLines),
  ];
  if (outcome.kind === "close") {
    return [...lines, `connection closed by Weir (${outcome.reason})`].join("\n");
  }
  if (outcome.kind === "answer") {
    const detail = outcome.detail === undefined ? "" : `: ${outcome.detail}`;
    return [...lines, `answer ${outcome.status} by Weir (${outcome.reason})${detail}`].join("\n");
  }
  if (outcome.path !== undefined && outcome.path !== request?.path) {
    lines.push(`path for the backend ${outcome.path}`);
  }
  return [...lines, ...outcome.upstreams.flatMap(upstreamLines)].join("\n");
}

function routeLines({ index, matched, failed, conditions }: RouteVerdict): string[] {
  const verdict = matched ? "matches" : `does not match${failed ? `: ${failed}` : ""}`;
  return [
    `route ${index} ${verdict}`,
    ...conditions.map(({ condition, wanted, passed }) => {
      return `  ${passed ? "yes" : "no "}  ${condition} ${wanted}`;
    }),
  ];
}

function upstreamLines(upstream: UpstreamExplanation): string[] {
  const { name, percent, algorithm, key, turn, nearPercent, backends, pick, order, why } = upstream;
  const facts = [
    algorithm,
    ...(percent === 100 ? [] : [`${percent} % of the route`]),
    ...(key === undefined ? [] : [`key ${key.of} = ${key.hash}`]),
    ...(turn === undefined ? [] : [`turn ${turn}`]),
    ...(nearPercent === undefined ? [] : [`${nearPercent} % for the own zone`]),
  ];
  const rows = backends.map((backend) => [
    backend.id === pick ? "->" : "",
    backend.id,
    backend.address,
    backend.tier,
    backend.up ? "up" : "down",
    backend.warmPercent === 100
      ? `${backend.weight}`
      : `${backend.weight} (${backend.warmPercent} %)`,
    `${backend.inFlight}`,
    backend.cost === undefined ? "-" : `${backend.cost}`,
    backend.excluded ?? "",
  ]);
  const table = formatTable([
    ["", "left"],
    ["BACKEND", "left"],
    ["ADDRESS", "left"],
    ["TIER", "left"],
    ["HEALTH", "left"],
    ["WEIGHT", "right"],
    ["IN FLIGHT", "right"],
    ["COST", "right"],
    ["EXCLUDED BY", "left"],
  ], rows);
  return [
    `upstream ${name} (${facts.join(", ")})`,
    ...table.map((line) => `  ${line}`),
    pick === undefined ? `no backend: ${why}` : `pick ${pick}: ${why}`,
    ...(order.length < 2 ? [] : [`after failures: ${order.slice(1).join(", ")}`]),
  ];
}
