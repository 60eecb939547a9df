import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  endOfWork,
  failFastMs,
  isAway,
  nextCutMs,
  slowdown,
  type Trouble,
} from "../../lib/simulate/fault.ts";

const SPAN = { fromMs: 100, toMs: 200 };
const CRASH: Trouble = { kind: "away", span: SPAN, cuts: true };
const RESTART: Trouble = { kind: "away", span: SPAN, cuts: false };
const FLAP: Trouble = {
  kind: "flap",
  span: { fromMs: 100, toMs: 400 },
  upMs: 50,
  downMs: 30,
};

Deno.test("isAway() holds from the beginning of a crash to its end", () => {
  assertEquals([99, 100, 199, 200].map((ms) => isAway([CRASH], ms)), [false, true, true, false]);
});

Deno.test("isAway() follows the rhythm of a flap, within its span", () => {
  const at = [99, 100, 149, 150, 179, 180, 229, 230, 259, 390, 399, 400];

  assertEquals(at.filter((ms) => isAway([FLAP], ms)), [150, 179, 230, 259, 390, 399]);
});

Deno.test("nextCutMs() is the next crash, and no restart", () => {
  assertEquals([0, 99, 100, 300].map((ms) => nextCutMs([CRASH], ms)), [
    100,
    100,
    Infinity,
    Infinity,
  ]);
  assertEquals(nextCutMs([RESTART], 0), Infinity);
  assertEquals(nextCutMs([], 0), Infinity);
});

Deno.test("nextCutMs() finds each beginning of a flap, and none after its span", () => {
  const at = [0, 100, 149, 180, 260, 340, 391];

  assertEquals(at.map((ms) => nextCutMs([FLAP], ms)), [150, 150, 150, 230, 310, 390, Infinity]);
  assertEquals(nextCutMs([FLAP, CRASH], 0), 100);
});

Deno.test("slowdown() is the factor while it lasts, and multiplies", () => {
  const slow: Trouble = { kind: "slow", span: SPAN, factor: 4 };

  assertEquals([99, 100, 200].map((ms) => slowdown([slow], ms)), [1, 4, 1]);
  assertEquals(slowdown([slow, slow, CRASH], 150), 16);
});

Deno.test("slowdown() of a cold backend gets less evenly", () => {
  const cold: Trouble = { kind: "cold", fromMs: 100, factor: 5, overMs: 40 };
  const factors = [99, 100, 110, 130, 140, 500].map((ms) => slowdown([cold], ms));

  for (const [index, factor] of [1, 5, 4, 2, 1, 1].entries()) {
    assertAlmostEquals(factors[index]!, factor, 1e-9);
  }
});

Deno.test("failFastMs() is there only while it lasts", () => {
  const trouble: Trouble = { kind: "fail-fast", span: SPAN, answerMs: 2 };

  assertEquals([99, 150, 200].map((ms) => failFastMs([CRASH, trouble], ms)), [
    undefined,
    2,
    undefined,
  ]);
});

Deno.test("slowdown() of a ramp grows evenly, stays, and ends", () => {
  const ramp = [{
    kind: "ramp",
    span: { fromMs: 100, toMs: 500 },
    factor: 11,
    overMs: 200,
  }] as const;

  const factors = [99, 100, 200, 300, 499, 500].map((ms) => slowdown(ramp, ms));

  assertEquals(factors, [1, 1, 6, 11, 11, 1]);
});

Deno.test("endOfWork() adds every span that falls into the work, and no other", () => {
  const spans = [[10, 20], [30, 40], [90, 100]].map(([fromMs = 0, toMs = 0]) => ({ fromMs, toMs }));

  assertEquals(endOfWork(spans, 0, 5), 5);
  assertEquals(endOfWork(spans, 0, 11), 21);
  assertEquals(endOfWork(spans, 20, 11), 41);
  assertEquals(endOfWork(spans, 0, 25), 45);
  assertEquals(endOfWork([{ fromMs: 10, toMs: Infinity }], 0, 25), Infinity);
});
