import { section } from "./field.ts";
import { duration, wholeNumber } from "./values.ts";

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
