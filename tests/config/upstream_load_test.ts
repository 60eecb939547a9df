import { assertEquals } from "@std/assert";
import { configOf, DEFAULT_OUTLIERS, MINIMAL } from "./support.ts";

Deno.test("loadConfig() fills in what a section of the guards leaves out", async () => {
  const config = await configOf(`${MINIMAL}    circuit_breaker: {}
    outlier_detection: { max_ejected_percent: 10 }
`);

  const [upstream] = config.upstreams;
  assertEquals(upstream?.circuitBreaker, {
    failures: 5,
    errorRate: 0.5,
    minRequests: 20,
    windowMs: 10_000,
    openMs: 30_000,
    maxOpenMs: 300_000,
    halfOpenRequests: 3,
  });
  assertEquals(upstream?.outlierDetection, {
    ...DEFAULT_OUTLIERS,
    consecutiveFailures: 5,
    successRateDeviation: 1.9,
    maxEjectedPercent: 10,
  });
});

Deno.test("loadConfig() reads an HTTP check and a detector of its own", async () => {
  const config = await configOf(`${MINIMAL}    health_check:
      type: http
      method: POST
      path: /health?deep=1
      host: app.internal:81
      headers: { X-Check: weir }
      expect_status: [200, "204, 300-399"]
      expect_body: ok
      expect_body_regex: "^ok$"
      interval: 500ms
      detector: phi_accrual
      phi_threshold: 12
      phi_acceptable_pause: 0s
`);

  assertEquals(config.upstreams[0]?.healthCheck, {
    probe: {
      type: "http",
      method: "POST",
      path: "/health?deep=1",
      host: "app.internal:81",
      headers: [["X-Check", "weir"]],
      expectStatus: [[200, 200], [204, 204], [300, 399]],
      expectBody: "ok",
      expectBodyRegex: "^ok$",
    },
    detector: { kind: "phi_accrual", threshold: 12, pauseMs: 0 },
    intervalMs: 500,
    fastIntervalMs: 500,
    timeoutMs: 5000,
    rise: 2,
    fall: 3,
    initial: "probe",
  });
});
