import type { z } from "zod";
import { DEFAULT_FAST_INTERVAL_MS, type healthCheck } from "./schema_health.ts";
import type { DetectorConfig, HealthCheckConfig, ProbeConfig } from "./types.ts";

type HealthCheckSettings = z.output<typeof healthCheck>;

/** The active check of an upstream; `undefined` when there is none. */
export function buildHealthCheck(check: HealthCheckSettings): HealthCheckConfig | undefined {
  const probe = buildProbe(check);
  if (probe === undefined) return undefined;
  return {
    probe,
    ...(check.tls === false ? { isPlain: true } : {}),
    detector: buildDetector(check),
    intervalMs: check.interval,
    fastIntervalMs: check.fast_interval ?? Math.min(DEFAULT_FAST_INTERVAL_MS, check.interval),
    timeoutMs: check.timeout,
    rise: check.rise,
    fall: check.fall,
    initial: check.initial,
  };
}

function buildProbe(check: HealthCheckSettings): ProbeConfig | undefined {
  const { send, expect, host, expect_body: body, expect_body_regex: regex } = check;
  if (check.type === "none") return undefined;
  if (check.type === "tcp") {
    return {
      type: "tcp",
      ...(send === undefined ? {} : { send }),
      ...(expect === undefined ? {} : { expect }),
    };
  }
  return {
    type: "http",
    method: check.method,
    path: check.path,
    ...(host === undefined ? {} : { host }),
    headers: Object.entries(check.headers),
    expectStatus: check.expect_status,
    ...(body === undefined ? {} : { expectBody: body }),
    ...(regex === undefined ? {} : { expectBodyRegex: regex }),
  };
}

function buildDetector(check: HealthCheckSettings): DetectorConfig {
  if (check.detector === "threshold") return { kind: "threshold" };
  const { phi_threshold: threshold, phi_acceptable_pause: pauseMs } = check;
  return { kind: "phi_accrual", threshold, pauseMs };
}
