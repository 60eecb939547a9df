import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  describePlan,
  jsonReport,
  milliseconds,
  sharesReport,
  tableReport,
} from "../../lib/simulate/report.ts";
import { runAlgorithm } from "../../lib/simulate/result.ts";
import type { Plan } from "../../lib/simulate/plan.ts";
import { BREAKER, OUTLIER, planOf } from "../support/simulation.ts";

const PLAN = planOf({ weights: [3, 1, 0], requests: 2000, fault: ["slow:1:2x"] });
const RESULTS = PLAN.algorithms.map((algorithm) => runAlgorithm(PLAN, algorithm));

/** The shape of a value: keys and types, without what is in it. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (typeof value !== "object" || value === null) return value === null ? null : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shapeOf(part)]));
}

Deno.test("jsonReport() tells everything that the results depend on", () => {
  const [near, far] = PLAN.backends;
  const backends = [{ ...near!, zone: "a" }, { ...far!, backup: true }];
  const plan = { ...PLAN, backends, slowStartMs: 500, boundedLoad: 1.25, zone: "a" };

  const { slowStartMs, boundedLoad, zone, backends: [first, second] } = JSON.parse(
    jsonReport(plan, RESULTS),
  );

  assertEquals([slowStartMs, boundedLoad, zone], [500, 1.25, "a"]);
  assertEquals([first.zone, first.backup, second.zone, second.backup], ["a", false, null, true]);
});

Deno.test("jsonReport() has a shape that others can rely on", () => {
  const figures = { mean: "number", p50: "number", p99: "number", p999: "number", max: "number" };

  const plan = planOf({ weights: [3, 1, 0], requests: 2000, fault: ["crash:1@30%"] });
  const results = [runAlgorithm(plan, "round_robin")];

  assertEquals(shapeOf(JSON.parse(jsonReport(plan, results))), {
    version: "number",
    seed: "number",
    scenario: "string",
    durationMs: "number",
    load: {
      kind: "string",
      ratePerS: "number",
      service: { distribution: "string", meanMs: "number" },
      keys: { count: "number", zipf: "number" },
    },
    backends: [{
      name: "string",
      weight: "number",
      speed: "number",
      backup: "boolean",
      zone: null,
    }],
    concurrency: "number",
    timeoutMs: "number",
    slowStartMs: "number",
    boundedLoad: null,
    zone: null,
    faults: ["string"],
    healthCheck: {
      detector: { kind: "string" },
      intervalMs: "number",
      fastIntervalMs: "number",
      timeoutMs: "number",
      rise: "number",
      fall: "number",
      initial: "string",
      proof: "string",
    },
    circuitBreaker: null,
    outlierDetection: null,
    panicThreshold: "number",
    adaptiveLimit: null,
    queue: null,
    retry: { attempts: "number", on: ["string"], budget: "number" },
    results: [{
      algorithm: "string",
      requests: "number",
      imbalance: "number",
      shares: ["number"],
      latencyMs: figures,
      errors: {
        total: "number",
        no_backend: "number",
        queue_full: "number",
        queue_timeout: "number",
        connect: "number",
        reset: "number",
        timeout: "number",
        status: "number",
      },
      retries: "number",
      retriesDenied: "number",
      ejections: "number",
      openings: "number",
      panics: "number",
      queued: "number",
      refused: "number",
      detections: [{ backend: "string", fromMs: "number", foundMs: "number" }],
      changes: [{ atMs: "number", backend: "string", what: "string" }],
      keysMoved: null,
      courseP99Ms: ["number"],
    }],
  });
});

Deno.test("jsonReport() is the same to the byte for the same seed", () => {
  const again = PLAN.algorithms.map((algorithm) => runAlgorithm(PLAN, algorithm));

  assertEquals(jsonReport(PLAN, again), jsonReport(PLAN, RESULTS));
});

Deno.test("jsonReport() of a replay tells of the log, not of how it is read", () => {
  const summary = {
    requests: 4,
    durationMs: 200,
    meanServiceMs: 20,
    unusable: 1,
    firstUnusableLine: 3,
    late: 0,
  };
  const load = { kind: "replay", file: "a.log", keyBy: "path", summary, readLines: () => [] };
  const plan = planOf({ load: { ...load, kind: "replay", keyBy: "path" } });

  const report = JSON.parse(jsonReport(plan, [])) as { load: unknown };

  assertEquals(report.load, { kind: "replay", file: "a.log", keyBy: "path", summary });
  assertMatch(describePlan(plan)[0] ?? "", /a\.log, 4 requests/);
});

Deno.test("tableReport() has a line for each algorithm, its columns aligned", () => {
  const lines = tableReport(PLAN, RESULTS);

  const [head = "", ...rows] = lines.slice(lines.indexOf("") + 1);
  assertEquals(rows.map((row) => row.split(" ")[0]), [...PLAN.algorithms]);
  assertEquals(rows.map((row) => row.length), rows.map(() => head.length));
  assertMatch(head, /requests +max\/mean +share % +p50 ms +p99 ms +p99\.9 ms +errors/);
  assertMatch(rows[0] ?? "", / 2000 +1\.00 +0\.0-75\.0 /);
  assertStringIncludes(lines[0] ?? "", "3 backends");
  assertEquals(lines[1], "faults: slow:1:2x");
});

Deno.test("sharesReport() has a line for each backend", () => {
  const [, ...rows] = sharesReport(PLAN, RESULTS);

  assertEquals(rows.map((row) => row.split(/ +/).slice(0, 3)), [
    ["b0", "3", "75.0"],
    ["b1", "1", "25.0"],
    ["b2", "0", "0.0"],
  ]);
});

Deno.test("milliseconds() keeps three digits that say something", () => {
  const texts = [0.1234, 9.876, 12.34, 123.4, 56_544.9, null].map(milliseconds);

  assertEquals(texts, ["0.12", "9.88", "12.3", "123", "56545", "-"]);
});

Deno.test("tableReport() tells how faults were contained where that applies, and only there", () => {
  const headsOf = (plan: Plan) => {
    const results = [runAlgorithm(plan, "round_robin")];
    return tableReport(plan, results).find((line) => line.startsWith("algorithm"))!.split(/ {2,}/);
  };
  const usual = ["p99.9 ms", "errors", "retries"];

  assertEquals(headsOf(PLAN).slice(-4), [...usual, "keys moved"]);
  const crash = planOf({ fault: ["crash:1@30%"], requests: 5000 });
  assertEquals(headsOf(crash).slice(-5), [...usual, "found ms", "keys moved"]);
  const limited = planOf({
    requests: 500,
    outlierDetection: OUTLIER,
    circuitBreaker: BREAKER,
    backends: PLAN.backends.map((backend) => ({ ...backend, maxConnections: 5 })),
    weights: PLAN.backends.map(({ weight }) => weight),
  });
  const contained = ["ejected", "opened", "queued", "refused", "keys moved"];
  assertEquals(headsOf(limited).slice(-8), [...usual, ...contained]);
});
