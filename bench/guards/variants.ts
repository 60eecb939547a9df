import { MAX_CONNECTIONS, type Plan } from "../peers/plan.ts";
import { type Mode, type Subject, weirFromSource } from "../peers/subjects.ts";

/** The variant that the others are compared with. */
export const BASE = "off";

/** All that finds sick backends and holds them off. */
const HEALTH = [
  "health_check: { type: tcp, interval: 1s }",
  "outlier_detection: { success_rate_deviation: 1.9, consecutive_failures: 5, interval: 1s }",
  "circuit_breaker: { failures: 5, error_rate: 0.5 }",
] as const;

/** The settings of `app` that look after its backends' health and load, as YAML. */
export const VARIANTS = {
  [BASE]: {
    title: "nothing",
    lines: ["health_check: { type: none }", "outlier_detection: { enabled: false }"],
    panicThreshold: 0,
    backend: "",
  },
  defaults: { title: "defaults", lines: [], panicThreshold: 50, backend: "" },
  health: {
    title: "all health",
    lines: HEALTH,
    panicThreshold: 50,
    backend: "",
  },
  all: {
    title: "with limits",
    lines: [
      ...HEALTH,
      // So wide that nothing waits: what is measured is the price of the limit, not its effect.
      "concurrency: { algorithm: gradient, initial: 200, min: 200, max: 1000 }",
    ],
    panicThreshold: 50,
    backend: `, max_connections: ${MAX_CONNECTIONS}`,
  },
} as const;

type Settings = typeof VARIANTS[keyof typeof VARIANTS];

/** Weir without what is to be measured, with what is on by default, and with all there is. */
export function createVariants(weirCommand: readonly string[] = weirFromSource()): Subject[] {
  return Object.entries(VARIANTS).map(([id, settings]) => ({
    id,
    title: settings.title,
    missing: () => Promise.resolve(undefined),
    configure: {
      tcp: (plan) => configure(plan, "tcp", settings),
      http: (plan) => configure(plan, "http", settings),
    },
    argv: ({ config }) => [...weirCommand, "--config", config],
  }));
}

function configure(plan: Plan, protocol: Mode, settings: Settings): string {
  const { lines, panicThreshold, backend } = settings;
  const backends = plan.backends
    .map((port) => `{ address: "127.0.0.1:${port}"${backend} }`).join(", ");
  return [
    `workers: ${plan.threads}`,
    "listeners:",
    `  - { name: bench, address: "127.0.0.1:${plan.port}", protocol: ${protocol}, upstream: app }`,
    "upstreams:",
    "  app:",
    "    algorithm: round_robin",
    `    backends: [${backends}]`,
    `    panic_threshold: ${panicThreshold}`,
    ...lines.map((line) => `    ${line}`),
    "",
  ].join("\n");
}
