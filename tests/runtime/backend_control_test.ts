import { assertEquals } from "@std/assert";
import type { WeirEvent } from "../../lib/core/events.ts";
import { BackendControl } from "../../lib/runtime/backend_control.ts";
import { placeBackends } from "../../lib/runtime/layout.ts";
import type { OverrideMessage } from "../../lib/runtime/messages.ts";
import { configOf, tcp, upstreamConfig } from "../support/configs.ts";
import { MemoryLog } from "../support/memory_log.ts";

const CONFIG = configOf([], [
  upstreamConfig("app", [tcp(1), tcp(2)]),
  upstreamConfig("api", [tcp(1)]),
]);
const [B1, B2, API_B1] = placeBackends(CONFIG);

class ControlBench {
  readonly log = new MemoryLog();
  readonly posted: OverrideMessage[] = [];
  readonly events: WeirEvent[] = [];
  readonly checks: (readonly [index: number, isChecked: boolean])[] = [];
  readonly control = new BackendControl({
    config: () => CONFIG,
    log: this.log,
    post: (message) => this.posted.push(message),
    emit: (event) => this.events.push(event),
    setChecked: ({ index }, isChecked) => this.checks.push([index, isChecked]),
  });
}

Deno.test("BackendControl.change() tells all threads, the log and whoever watches", () => {
  const b = new ControlBench();

  const isKnown = b.control.change("api", "192.0.2.1:1", { weight: 7 });

  const names = { upstream: "api", backend: "192.0.2.1:1" };
  assertEquals(isKnown, true);
  assertEquals(b.posted, [{ type: "override", backend: 2, weight: 7, state: "ready" }]);
  assertEquals(b.events, [{ type: "override", ...names, weight: 7, state: "ready" }]);
  assertEquals(b.log.categoryOf("Backend changed by an operator"), "admin");
  assertEquals(b.log.fieldsOf("Backend changed by an operator"), [
    { ...names, weight: 7, state: "ready" },
  ]);
});

Deno.test("BackendControl.change() knows only what is configured", () => {
  const b = new ControlBench();

  const known = [["app", "nobody"], ["api", "192.0.2.1:2"], ["nowhere", "192.0.2.1:1"]] as const;

  assertEquals(known.map(([name, id]) => b.control.change(name, id, { state: "drain" })), [
    false,
    false,
    false,
  ]);
  assertEquals([b.posted, b.events], [[], []]);
});

Deno.test("BackendControl.change() stops checks for maintenance and no other state", () => {
  const b = new ControlBench();

  for (const state of ["drain", "maintenance", "maintenance", "ready"] as const) {
    b.control.change("app", "192.0.2.1:2", { state });
  }

  assertEquals(b.checks, [[1, true], [1, false], [1, true]]);
});

Deno.test("Overrides keep a weight through a drain, and name what is no more as configured", () => {
  const { control } = new ControlBench();
  const { overrides } = control;

  control.change("app", "192.0.2.1:1", { weight: 5, state: "drain" });
  assertEquals(overrides.of(B1!), { weight: 5, state: "drain" });
  assertEquals([overrides.weightOf(B1!), overrides.shareOf(B1!)], [5, 0]);

  control.change("app", "192.0.2.1:1", { state: "ready" });
  assertEquals(overrides.of(B1!), { weight: 5 });
  assertEquals([overrides.weightOf(B1!), overrides.shareOf(B1!)], [5, 5]);

  control.change("app", "192.0.2.1:1", { weight: 1 });
  assertEquals(overrides.of(B1!), undefined);
});

Deno.test("Overrides.messages() tell a new thread all that was changed, first changed first", () => {
  const { control } = new ControlBench();
  control.change("api", "192.0.2.1:1", { weight: 0 });
  control.change("app", "192.0.2.1:2", { state: "maintenance" });
  control.change("app", "192.0.2.1:1", { weight: 3 });
  control.change("app", "192.0.2.1:1", { weight: 1 });

  assertEquals(control.overrides.messages(CONFIG), [
    { type: "override", backend: API_B1!.index, weight: 0, state: "ready" },
    { type: "override", backend: B2!.index, weight: 1, state: "maintenance" },
  ]);
});
