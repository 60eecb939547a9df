import { assertEquals } from "@std/assert";
import { Consecutive } from "../../lib/health/consecutive.ts";
import type { InitialState } from "../../lib/health/failure_detector.ts";

/** The state after each of the results, written `+` and `-`. */
function states(results: string, rise: number, fall: number, initial?: InitialState): string {
  const detector = new Consecutive({ rise, fall, ...(initial && { initial }) });
  return [...results].map((result) => {
    detector.observe(result === "+");
    return detector.isAvailable ? "U" : "d";
  }).join("");
}

Deno.test("Consecutive.isAvailable is true before the first result", () => {
  assertEquals(new Consecutive({ rise: 3, fall: 3 }).isAvailable, true);
});

const SERIES: readonly [what: string, results: string, rise: number, fall: number, up: string][] = [
  ["goes down at the first result alone", "-", 2, 3, "d"],
  ["stays up at the first result alone", "+", 2, 3, "U"],
  ["goes down after `fall` failures in a row", "+---", 2, 3, "UUUd"],
  ["comes up after `rise` passes in a row", "-+++", 3, 1, "dddU"],
  ["counts failures anew after a pass", "+--+--+---", 1, 3, "UUUUUUUUUd"],
  ["counts passes anew after a failure", "-+-+-++", 2, 1, "ddddddU"],
  ["changes at every result when both counts are 1", "+-+-", 1, 1, "UdUd"],
  ["counts the first failure like any other once it is down", "-++-+", 2, 2, "ddUUU"],
  ["needs `fall` failures again after it came back", "-+--", 1, 2, "dUUd"],
];

for (const [what, results, rise, fall, up] of SERIES) {
  Deno.test(`Consecutive.observe() ${what}`, () => {
    assertEquals(states(results, rise, fall), up);
  });
}

Deno.test("Consecutive.observe() needs `fall` failures from the start with initial: up", () => {
  assertEquals(states("---", 2, 3, "up"), "UUd");
});

Deno.test("Consecutive.observe() needs `rise` passes from the start with initial: down", () => {
  assertEquals(states("+++", 3, 1, "down"), "ddU");
});

Deno.test("Consecutive.isKnown is false until the first result only where that decides", () => {
  const initial = ["probe", "up", "down"] as const;
  const known = initial.map((state) =>
    new Consecutive({ rise: 1, fall: 1, initial: state }).isKnown
  );
  const after = new Consecutive({ rise: 1, fall: 1 });
  after.observe(false);

  assertEquals(known, [false, true, true]);
  assertEquals(after.isKnown, true);
});

Deno.test("Consecutive.isChanging is true between the first opposite result and the decision", () => {
  const detector = new Consecutive({ rise: 2, fall: 3 });

  const changing = [..."+--+---+-++"].map((result) => {
    detector.observe(result === "+");
    return detector.isChanging ? "c" : ".";
  }).join("");

  assertEquals(changing, ".cc.cc.c.c.");
});
