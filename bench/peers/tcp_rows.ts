import { CLOSE_FLAGS, measureBulk, measureIdle, measureRequests, measureStart } from "./measure.ts";
import { type Goal, requestFigures, type Row } from "./row.ts";

/** What to reach, see `design/performance.md`. */
const GOALS = {
  keepAliveCpu: { kind: "ratio", most: 1.35 },
  connectionCpu: { kind: "ratio", most: 1.8 },
  bulkCpu: { kind: "ratio", most: 1.0 },
  idleKib: { kind: "absolute", most: 16 },
  startMs: { kind: "absolute", most: 300 },
} as const satisfies Record<string, Goal>;

const IDLE_CONNECTIONS = 2000;

/** The subjects as TCP balancers. */
export const TCP_ROWS: readonly Row[] = [
  {
    id: "keepalive",
    mode: "tcp",
    figures: requestFigures("keep-alive", GOALS.keepAliveCpu),
    measure: (contestant) => measureRequests(contestant),
  },
  {
    id: "connections",
    mode: "tcp",
    figures: requestFigures("connection per request", GOALS.connectionCpu),
    measure: (contestant) => measureRequests(contestant, { flags: CLOSE_FLAGS }),
  },
  {
    id: "bulk",
    mode: "tcp",
    figures: [
      { id: "cpu", title: "bulk, CPU ms per GB", digits: 0, goal: GOALS.bulkCpu },
      { id: "rate", title: "bulk, MB per second", digits: 0 },
    ],
    measure: measureBulk,
  },
  {
    id: "idle",
    mode: "tcp",
    figures: [
      { id: "memory", title: "idle connection, KiB", digits: 1, goal: GOALS.idleKib },
    ],
    measure: (contestant) => measureIdle(contestant, IDLE_CONNECTIONS),
  },
  {
    id: "start",
    mode: "tcp",
    figures: [
      { id: "time", title: "start to first proxied byte, ms", digits: 0, goal: GOALS.startMs },
    ],
    minRounds: 5,
    measure: measureStart,
  },
];
