import { mapping, section } from "./field.ts";
import { checkText, hostHeader, requestTarget, statusRanges } from "./health_values.ts";
import { fieldValue, regex, TOKEN_SCHEMA } from "./http_values.ts";
import { choice, duration, flag, positiveNumber, wholeNumber } from "./values.ts";

/** Most time between checks while the state changes, where the configuration does not say. */
export const DEFAULT_FAST_INTERVAL_MS = 1000;

/** How dead backends are found. */
export const healthCheck = section({
  type: choice(["tcp", "http", "none"]).prefault("tcp").describe(
    "`tcp` opens a connection, `http` sends a request; `none` trusts every backend.",
  ),
  send: checkText().optional().describe("Text that is sent. TCP checks only."),
  expect: checkText().optional()
    .describe("Text that must come in the first 16 KiB. TCP checks only."),
  method: choice(["GET", "HEAD", "OPTIONS", "POST"]).prefault("GET")
    .describe("Method of the request. HTTP checks only, as all down to `expect_body_regex`."),
  path: requestTarget().prefault("/").describe("Path and query of the request."),
  host: hostHeader().optional()
    .describe("Host of the request; the backend's address unless it is set."),
  headers: mapping(fieldValue(), TOKEN_SCHEMA, "text").prefault({})
    .describe("Further header fields of the request."),
  expect_status: statusRanges().prefault("200-399").describe("Statuses that pass."),
  expect_body: checkText().optional()
    .describe("Text that must stand in the first 16 KiB of the body."),
  expect_body_regex: regex().optional().describe(
    "JavaScript regular expression that must match somewhere in the first 4 KiB of the body.",
  ),
  tls: flag().optional().describe(
    "`false`: checks speak no TLS though the upstream does. They do as it does unless it is set.",
  ),
  interval: duration({ from: "above zero" }).prefault("30s")
    .describe("From the end of one check to the start of the next."),
  fast_interval: duration({ from: "above zero" }).optional().describe(
    "The same while the state is changing; 1s, or `interval` if that is shorter, unless it is set.",
  ),
  timeout: duration({ from: "above zero" }).prefault("5s")
    .describe("A check that takes longer has failed."),
  rise: wholeNumber(1, 1000).prefault(2)
    .describe("Passed checks in a row that bring a backend back."),
  fall: wholeNumber(1, 1000).prefault(3)
    .describe("Failed checks in a row that take a backend out. Not for `phi_accrual`."),
  initial: choice(["probe", "up", "down"]).prefault("probe").describe(
    "What a backend counts as at first; with `probe` its first check decides, and listeners open " +
      "after it.",
  ),
  detector: choice(["threshold", "phi_accrual"]).prefault("threshold").describe(
    "`threshold` counts failed checks; `phi_accrual` goes by how improbable the silence is.",
  ),
  phi_threshold: positiveNumber().prefault(8)
    .describe("Suspected from this level on: one wrong suspicion in 10^8. `phi_accrual` only."),
  phi_acceptable_pause: duration({ from: "zero" }).prefault("3s")
    .describe("Silence beyond the usual that raises no suspicion. `phi_accrual` only."),
});
