import { assertEquals } from "@std/assert";
import { changedText } from "../../lib/cli/ctl_text.ts";
import type { BackendStatus } from "../../lib/runtime/status.ts";

const STATUS: BackendStatus = {
  id: "b0",
  address: "h:1",
  weight: 3,
  state: "ready",
  up: true,
  circuit: "closed",
  ejected: false,
  inFlight: 2,
  concurrencyLimit: 0,
  connections: 0,
  requests: 0,
  reuses: 0,
  idle: 0,
  open: 0,
  poolExhausted: 0,
  connectFailures: 0,
  failures: 0,
  bytesToBackend: 0,
  bytesToClient: 0,
};
const COUNTS = { passed: 0, failed: 1 };
const FAILED = { passed: false, agoMs: 1, tookMs: 1 };

const CASES: readonly (readonly [changes: Partial<BackendStatus>, text: string])[] = [
  [{}, "up, weight 3"],
  [{ state: "drain", up: false }, "drain, weight 3, 2 in flight"],
  [{ up: false, health: { lastCheck: FAILED, ...COUNTS }, ejected: true }, "down, weight 3"],
  [{ up: false, health: COUNTS }, "checking, weight 3"],
  [{ ejected: true, circuit: "open" }, "ejected, weight 3"],
  [{ circuit: "half_open" }, "circuit half open, weight 3"],
  [{ weight: 0, override: { weight: 0, configuredWeight: 3 } }, "weight 0, weight 0 (3)"],
];

for (const [changes, text] of CASES) {
  Deno.test(`changedText() says "${text}"`, () => {
    assertEquals(changedText("app", { ...STATUS, ...changes }), `app/b0: ${text}`);
  });
}
