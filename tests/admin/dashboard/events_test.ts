import { assertEquals } from "@std/assert";
import { EVENT_TYPES, readEvent, reloadBetween } from "../../../dashboard/events.ts";
import type { WeirEvent } from "../../../lib/core/events.ts";
import { status } from "./looks.ts";

const AT = "2026-11-21T09:00:00.000Z";
const NAMES = { upstream: "app", backend: "a" };

Deno.test("readEvent() puts every event into words", () => {
  const table: readonly (readonly [WeirEvent, string])[] = [
    [{ type: "health", ...NAMES, up: false, reason: "refused" }, "app/a is down: refused"],
    [{ type: "health", ...NAMES, up: true }, "app/a is up"],
    [{ type: "ejection", ...NAMES, ejected: true, reason: "5xx" }, "app/a is held off: 5xx"],
    [{ type: "circuit", ...NAMES, circuit: "half_open" }, "Circuit of app/a is half open"],
    [
      { type: "override", ...NAMES, weight: 3, state: "drain" },
      "app/a is set to drain, weight 3",
    ],
    [
      { type: "panic", upstream: "app", panic: true },
      "app is in panic: too few backends are well",
    ],
    [{ type: "panic", upstream: "app", panic: false }, "app is out of panic"],
    [
      { type: "worker_restart", worker: 1, reason: "stuck", restarts: 2 },
      "Thread 1 was replaced: stuck",
    ],
    [{ type: "log_level", level: "debug" }, "The log level is debug"],
    [{ type: "draining" }, "Weir is about to end: no new connections"],
  ];
  for (const [{ type, ...data }, text] of table) {
    const event = readEvent(type, "7", JSON.stringify({ at: AT, ...data }));

    assertEquals(event?.text, text);
    assertEquals(EVENT_TYPES.some((known) => known === type), true, type);
  }
});

Deno.test("readEvent() shows the fields of what it has no words for", () => {
  const data = JSON.stringify({ at: AT, result: "done", hosts: ["a"] });
  const event = readEvent("reload", "7", data);

  assertEquals(event, {
    key: `7 ${AT}`,
    atMs: Date.parse(AT),
    kind: "reload",
    text: 'result done, hosts ["a"]',
    tone: "off",
  });
});

Deno.test("readEvent() takes nothing that is no event", () => {
  for (const data of ["", "{", "null", "7", "{}", '{"at":"never"}']) {
    assertEquals(readEvent("health", "1", data), undefined, data);
  }
});

Deno.test("reloadBetween() finds out what came of a reload", () => {
  const at = (done: number, refused: number, problems?: string[]) =>
    status([], { reloads: { done, refused, ...(problems && { problems }) } });

  assertEquals(reloadBetween(undefined, at(3, 0), 0), undefined);
  assertEquals(reloadBetween(at(3, 0), at(3, 0), 0), undefined);
  assertEquals(reloadBetween(at(3, 0), at(4, 0), 0)?.text, "Configuration 4 in force");
  assertEquals(reloadBetween(at(4, 0), at(4, 1, ["no port"]), 0)?.text, "Refused: no port");
  assertEquals(reloadBetween(status([]), status([]), 0), undefined);
});
