import { CLOSE_FLAGS, measureRequests } from "./measure.ts";
import { type Goal, requestFigures, type Row } from "./row.ts";

/** What to reach, see `design/performance.md`. */
const PASSTHROUGH_CPU: Goal = { kind: "ratio", most: 1.35 };
/** As for connections without TLS. */
const CONNECTION_CPU: Goal = { kind: "ratio", most: 1.8 };

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
    figures: requestFigures("TLS passthrough, connection per request", CONNECTION_CPU),
    measure: (contestant) => measureRequests(contestant, { flags: CLOSE_FLAGS }),
  },
];
