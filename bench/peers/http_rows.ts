import { POST_BYTES } from "./backends.ts";
import { measureHalfLoad } from "./half_load.ts";
import { CLOSE_FLAGS, measureHugeBody, measureIdle, measureRequests } from "./measure.ts";
import { type Contestant, type Goal, requestFigures, type Row, type Sample } from "./row.ts";

/** What to reach, see `design/performance.md`. */
const GOALS = {
  keepAliveCpu: { kind: "ratio", most: 1.4 },
  postCpu: { kind: "ratio", most: 1.3 },
  connectionCpu: { kind: "ratio", most: 1.8 },
  latencyP99: { kind: "ratio", most: 1.3 },
  idleKib: { kind: "absolute", most: 16 },
  hugeMib: { kind: "absolute", most: 20 },
} as const satisfies Record<string, Goal>;

const IDLE_CLIENTS = 5000;

/** The subjects as HTTP balancers, with pooled connections to the backends. */
export const HTTP_ROWS: readonly Row[] = [
  {
    id: "http-keepalive",
    mode: "http",
    figures: requestFigures("HTTP keep-alive", GOALS.keepAliveCpu),
    measure: (contestant) => measureRequests(contestant),
  },
  {
    id: "http-post",
    mode: "http",
    figures: requestFigures("HTTP POST of 16 KiB", GOALS.postCpu),
    measure: measurePost,
  },
  {
    id: "http-connections",
    mode: "http",
    figures: requestFigures("HTTP connection per request", GOALS.connectionCpu),
    measure: (contestant) => measureRequests(contestant, { flags: CLOSE_FLAGS }),
  },
  {
    id: "http-latency",
    mode: "http",
    figures: [
      { id: "p99", title: "HTTP at half load, p99 µs", digits: 0, goal: GOALS.latencyP99 },
      { id: "p50", title: "HTTP at half load, p50 µs", digits: 0 },
      { id: "rate", title: "HTTP at half load, requests per second", digits: 0 },
    ],
    measure: measureHalfLoad,
  },
  {
    id: "http-idle",
    mode: "http",
    figures: [
      { id: "memory", title: "HTTP idle client of 5,000, KiB", digits: 1, goal: GOALS.idleKib },
    ],
    measure: (contestant) => measureIdle(contestant, IDLE_CLIENTS),
  },
  {
    id: "http-bulk",
    mode: "http",
    figures: [
      { id: "memory", title: "HTTP 1 GiB body, extra MiB", digits: 1, goal: GOALS.hugeMib },
      { id: "cpu", title: "HTTP 1 GiB body, CPU ms per GB", digits: 0 },
      { id: "rate", title: "HTTP 1 GiB body, MB per second", digits: 0 },
    ],
    measure: measureHugeBody,
  },
];

async function measurePost(contestant: Contestant): Promise<Sample> {
  const script = `${contestant.setting.directory}/post.lua`;
  const lua = `wrk.method = "POST"\nwrk.body = string.rep("x", ${POST_BYTES})\n`;
  await Deno.writeTextFile(script, lua);
  return await measureRequests(contestant, { flags: ["-s", script], path: "/post" });
}
