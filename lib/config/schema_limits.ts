import { section } from "./field.ts";
import { choice, duration, wholeNumber } from "./values.ts";

/** Where work waits while every backend of an upstream has as much as it may have. */
export const queue = section({
  size: wholeNumber(0, 1_000_000).prefault(1024).describe(
    "Most requests or connections that wait for a backend, per thread; 0 turns them away at once.",
  ),
  timeout: duration({ from: "above zero" }).prefault("1s")
    .describe("Longest wait; then a request is answered 503, and a connection closed."),
  target: duration({ from: "above zero" }).prefault("5ms").describe(
    "Once the first has waited for longer than this for all of `interval`, the newest go first.",
  ),
  interval: duration({ from: "above zero" }).prefault("100ms").describe("See `target`."),
});

/** Bounds where the configuration does not say. */
export const DEFAULT_CONCURRENCY = { initial: 20, min: 1, max: 200 } as const;

/** How much work a backend is given at once, learnt from its answers. */
export const concurrency = section({
  algorithm: choice(["none", "aimd", "vegas", "gradient", "cubic"]).prefault("none").describe(
    "How the limit is found: `vegas` and `gradient` from latency, `aimd` and `cubic` from failures " +
      "and `timeout`.",
  ),
  initial: wholeNumber(1, 1_000_000).prefault(DEFAULT_CONCURRENCY.initial)
    .describe("Requests that a backend gets at once at first, per thread."),
  min: wholeNumber(1, 1_000_000).prefault(DEFAULT_CONCURRENCY.min).describe(
    "The limit never falls below this.",
  ),
  max: wholeNumber(1, 1_000_000).prefault(DEFAULT_CONCURRENCY.max).describe(
    "The limit never grows above this.",
  ),
  timeout: duration({ from: "above zero" }).prefault("5s")
    .describe("An answer that took longer counts as a failure, for `aimd` and `cubic`."),
  window: duration({ from: "above zero" }).optional().describe(
    "Shortest time between two changes; 100ms unless it is set.",
  ),
});
