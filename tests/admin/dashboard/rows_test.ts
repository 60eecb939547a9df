import { assertEquals, assertStringIncludes } from "@std/assert";
import { doneText, questionFor } from "../../../dashboard/changes.ts";
import { Model } from "../../../dashboard/model.ts";
import {
  type BackendRow,
  backendRows,
  isAvailable,
  PAGE_ROWS,
  show,
  stateOf,
} from "../../../dashboard/rows.ts";
import type { BackendLook } from "../../../dashboard/status.ts";
import { backend, status, upstream } from "./looks.ts";

Deno.test("stateOf() says what matters most about a backend", () => {
  const reason = "refused";
  const table: readonly (readonly [Partial<BackendLook>, string, string])[] = [
    [{}, "up", ""],
    [{ health: { reason } }, "up", reason],
    [{ up: false, health: { reason } }, "down", reason],
    [{ up: false, state: "drain" }, "down", ""],
    [{ up: false, state: "maintenance" }, "maintenance", ""],
    [{ state: "drain", ejected: true }, "drain", ""],
    [{ ejected: true, circuit: "open" }, "ejected", "held off by outlier detection"],
    [{ circuit: "open" }, "circuit open", "too many failures"],
    [{ circuit: "half_open" }, "half open", "on trial"],
    [{ weight: 0 }, "weight 0", ""],
  ];
  for (const [look, word, why] of table) {
    const state = stateOf(backend(look));
    assertEquals([state.word, state.why], [word, why], JSON.stringify(look));
  }
});

Deno.test("isAvailable() is true of backends that get new work", () => {
  assertEquals(isAvailable(backend({ circuit: "half_open" })), true);
  for (
    const look of [
      { up: false },
      { state: "drain" as const },
      { ejected: true },
      { circuit: "open" as const },
      { weight: 0 },
    ]
  ) {
    assertEquals(isAvailable(backend(look)), false, JSON.stringify(look));
  }
});

Deno.test("show() finds each word in names, address or state", () => {
  const rows = rowsOf([
    backend({ id: "one", address: "10.0.0.1:80" }),
    backend({ id: "two", address: "10.0.0.2:80", up: false }),
    backend({ id: "Three", address: "10.0.0.3:80", up: false }),
  ]);
  const found = (filter: string) => namesOf(show(rows, { filter, page: 0 }).rows);

  assertEquals(found(""), ["one", "two", "Three"]);
  assertEquals(found(" down "), ["two", "Three"]);
  assertEquals(found("app/th DOWN"), ["Three"]);
  assertEquals(found("10.0.0.1"), ["one"]);
  assertEquals(found("<img"), []);
});

Deno.test("show() puts lines in order, those that are equal by name", () => {
  const rows = rowsOf([
    backend({ id: "b10", inFlight: 1 }),
    backend({ id: "b9", inFlight: 1, up: false }),
    backend({ id: "b1", inFlight: 7, state: "drain" }),
  ]);
  const order = (key: "name" | "inFlight" | "state", descending: boolean) =>
    namesOf(show(rows, { filter: "", page: 0, sort: { key, descending } }).rows);

  assertEquals(order("name", false), ["b1", "b9", "b10"]);
  assertEquals(order("name", true), ["b10", "b9", "b1"]);
  assertEquals(order("inFlight", true)[0], "b1");
  assertEquals(order("inFlight", false), ["b9", "b10", "b1"]);
  assertEquals(order("state", true), ["b9", "b1", "b10"]);
});

Deno.test("show() cuts a thousand backends into pages", () => {
  const rows = rowsOf(Array.from({ length: 1000 }, (_, at) => backend({ id: `b${at}` })));

  const last = show(rows, { filter: "", page: 999 });

  assertEquals([last.page, last.pages, last.found], [19, 20, 1000]);
  assertEquals(last.rows.length, PAGE_ROWS);
  assertEquals(show(rows, { filter: "b99", page: 3 }).page, 0);
  assertEquals(show([], { filter: "", page: 0 }).pages, 1);
});

Deno.test("questionFor() asks before what takes work away, and says who is left", () => {
  const look = status([upstream("app", [backend({ id: "a" }), backend({ id: "b" })])]);
  const alone = status([upstream("app", [backend({ id: "a" }), backend({ id: "b", up: false })])]);
  const change = { upstream: "app", backend: "a" };

  assertStringIncludes(questionFor({ ...change, state: "drain" }, look)!.text, "1 other of app");
  for (const hurt of [{ state: "drain" }, { state: "maintenance" }, { weight: 0 }] as const) {
    const { text } = questionFor({ ...change, ...hurt }, alone)!;
    assertStringIncludes(text, "No other backend of app is available");
  }
  assertEquals(questionFor({ ...change, state: "ready" }, alone), undefined);
  assertEquals(questionFor({ ...change, weight: 5 }, alone), undefined);
});

Deno.test("doneText() says what was done", () => {
  const change = { upstream: "app", backend: "a" };

  assertEquals(doneText({ ...change, state: "drain" }), "app/a is set to drain");
  assertEquals(doneText({ ...change, weight: 0 }), "app/a has weight 0");
});

function rowsOf(backends: readonly BackendLook[]): BackendRow[] {
  const model = new Model();
  model.takeStatus(status([upstream("app", backends)]), 0);
  return backendRows(model);
}

function namesOf(rows: readonly BackendRow[]): string[] {
  return rows.map(({ backend: { id } }) => id);
}
