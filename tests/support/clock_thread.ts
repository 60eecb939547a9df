import { sharedClock } from "../../lib/runtime/shared_clock.ts";

/** Reads the clock of the thread that started this one. */
const scope = globalThis as unknown as EventTarget & { postMessage(message: unknown): void };

scope.addEventListener("message", (event) => {
  if (event instanceof MessageEvent) scope.postMessage(sharedClock(Number(event.data))());
});
