import { CLOSE_FLAGS, measureRequests } from "./measure.ts";
import { type Goal, requestFigures, type Row } from "./row.ts";

/** What to reach, see `design/performance.md`. */
const PASSTHROUGH_CPU: Goal = { kind: "ratio", most: 1.35 };

/** The subjects passing TLS through to TLS servers; their CPU alone counts. */
export const SNI_ROWS: readonly Row[] = [
  {
    id: "sni",
    mode: "sni",
    figures: requestFigures("TLS passthrough, keep-alive", PASSTHROUGH_CPU),
    measure: (contestant) => measureRequests(contestant),
  },
  {
    id: "sni-connections",
    mode: "sni",
    figures: [
      { id: "cpu", title: "TLS passthrough, connection per request, CPU µs", digits: 1 },
      { id: "rate", title: "TLS passthrough, connections per second", digits: 0 },
    ],
    measure: (contestant) => measureRequests(contestant, { flags: CLOSE_FLAGS }),
  },
];
