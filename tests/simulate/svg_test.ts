import { assert, assertEquals, assertMatch } from "@std/assert";
import { runAlgorithm } from "../../lib/simulate/result.ts";
import { svgReport } from "../../lib/simulate/svg.ts";
import { planOf } from "../support/simulation.ts";

/** Fails unless `xml` is well-formed, as far as a document without comments and the like can be. */
function assertWellFormed(xml: string): void {
  const open: string[] = [];
  const token =
    /<(\/?)([A-Za-z][\w]*)((?: [\w:-]+="[^"<&]*(?:&\w+;[^"<&]*)*")*)(\/?)>|[^<>&]+|&(?:amp|lt|gt|quot);/y;
  for (let at = 0; at < xml.length; at = token.lastIndex) {
    token.lastIndex = at;
    const match = token.exec(xml);
    assert(match !== null, `at ${at}: ${xml.slice(at, at + 60)}`);
    const [, closes, name, , empty] = match;
    if (name === undefined) continue;
    if (closes === "/") assertEquals(open.pop(), name);
    else if (empty !== "/") open.push(name);
  }
  assertEquals(open, []);
}

const CASES = [
  ["an even load", planOf({ requests: 2000 })],
  ["a crash of all", planOf({ requests: 2000, fault: ["crash:all"] })],
  [
    "a crash for a while",
    planOf({ requests: 2000, fault: ["crash:all@20%-60%"], scenario: "a<b" }),
  ],
  ["a thousand backends", planOf({ requests: 2000, weights: new Array<number>(1000).fill(1) })],
] as const;

for (const [name, plan] of CASES) {
  Deno.test(`svgReport() of ${name} is well-formed and stands alone`, () => {
    const results = plan.algorithms.map((algorithm) => runAlgorithm(plan, algorithm));

    const picture = svgReport(plan, results);

    assertWellFormed(picture);
    assert(!/NaN|Infinity|undefined|null/.test(picture), picture);
    assert(!/<script|href|url\(|@import/.test(picture));
    for (const algorithm of plan.algorithms) assertMatch(picture, new RegExp(`>${algorithm}<`));
    assertMatch(picture, /prefers-color-scheme: dark/);
  });
}

Deno.test("svgReport() draws a longer bar for a larger p99", () => {
  const plan = planOf({ requests: 20_000, ratePerS: 850 });
  const results = plan.algorithms.map((algorithm) => runAlgorithm(plan, algorithm));

  const bars = [...svgReport(plan, results).matchAll(/class="p99" [^>]*width="([\d.]+)"/g)];

  const [inTurn, byLoad] = bars.map((match) => Number(match[1]));
  assert(inTurn! > byLoad!, `${inTurn} and ${byLoad}`);
});

Deno.test("svgReport() leaves a gap where nothing was answered", () => {
  const plan = planOf({ requests: 20_000, fault: ["crash:all@40%-60%"] });
  const results = [runAlgorithm(plan, "round_robin")];

  assertEquals(svgReport(plan, results).match(/<polyline/g)?.length, 2);
});
