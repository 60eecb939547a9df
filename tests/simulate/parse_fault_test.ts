import { assertEquals, assertThrows } from "@std/assert";
import { BALANCER, type Fault } from "../../lib/simulate/fault.ts";
import { FAULT_KINDS, parseFault } from "../../lib/simulate/parse_fault.ts";
import { SCENARIOS } from "../../lib/simulate/scenarios.ts";

const CONTEXT = { backends: 5, durationMs: 40_000 };
const ALWAYS = { fromMs: 0, toMs: Infinity };
const SPAN = { fromMs: 10_000, toMs: 30_000 };

const READ: readonly [text: string, faults: readonly Fault[]][] = [
  ["slow:1:3.5x@10s-30s", [{ backend: 1, trouble: { kind: "slow", span: SPAN, factor: 3.5 } }]],
  ["slow", [{ backend: 0, trouble: { kind: "slow", span: ALWAYS, factor: 10 } }]],
  ["slow:2x", [{ backend: 0, trouble: { kind: "slow", span: ALWAYS, factor: 2 } }]],
  ["slow:4@25%-75%", [{ backend: 4, trouble: { kind: "slow", span: SPAN, factor: 10 } }]],
  ["cold:2:5x:20s@10s", [
    { backend: 2, trouble: { kind: "cold", fromMs: 10_000, factor: 5, overMs: 20_000 } },
  ]],
  ["cold", [{ backend: 0, trouble: { kind: "cold", fromMs: 0, factor: 10, overMs: 8000 } }]],
  ["fail-fast:3:20ms", [
    { backend: 3, trouble: { kind: "fail-fast", span: ALWAYS, answerMs: 20 } },
  ]],
  [
    "crash:1,3-4,1@10s-30s",
    [1, 3, 4].map((backend) => {
      return { backend, trouble: { kind: "away", span: SPAN, cuts: true } };
    }),
  ],
  ["flap:0:5s:2s@10s-30s", [
    { backend: 0, trouble: { kind: "flap", span: SPAN, upMs: 5000, downMs: 2000 } },
  ]],
  ["ramp:2:5x:20s@10s-30s", [
    { backend: 2, trouble: { kind: "ramp", span: SPAN, factor: 5, overMs: 20_000 } },
  ]],
  ["hang:1@10s-30s", [{ backend: 1, trouble: { kind: "hang", span: SPAN } }]],
  ["loss:1:20%@10s-30s", [{ backend: 1, trouble: { kind: "loss", span: SPAN, share: 0.2 } }]],
  ["loss", [{ backend: 0, trouble: { kind: "loss", span: ALWAYS, share: 0.5 } }]],
  ["pause@10s-30s", [{ backend: BALANCER, trouble: { kind: "pause", span: SPAN } }]],
  ["flap:0:3s", [
    { backend: 0, trouble: { kind: "flap", span: ALWAYS, upMs: 3000, downMs: 3000 } },
  ]],
];

for (const [text, faults] of READ) {
  Deno.test(`parseFault() reads "${text}"`, () => {
    assertEquals(parseFault(text, CONTEXT), faults);
  });
}

Deno.test("parseFault() sends a deploy over all backends, group after group", () => {
  const faults = parseFault("deploy:all:5s:3x:8s:2@1s", CONTEXT);

  const away = faults.flatMap(({ backend, trouble }) =>
    trouble.kind === "away" ? [[backend, trouble.span.fromMs, trouble.span.toMs]] : []
  );
  const cold = faults.flatMap(({ backend, trouble }) =>
    trouble.kind === "cold" ? [[backend, trouble.fromMs, trouble.factor, trouble.overMs]] : []
  );
  assertEquals(away, [[0, 1000, 6000], [1, 1000, 6000], [2, 6000, 11_000], [3, 6000, 11_000], [
    4,
    11_000,
    16_000,
  ]]);
  assertEquals(cold[4], [4, 16_000, 3, 8000]);
});

const WRONG: readonly [text: string, message: string][] = [
  ["slwo:0", '(did you mean "slow"?): found "slwo"'],
  ["", "where KIND is one of slow, ramp, cold, fail-fast, crash, hang, loss, flap, deploy, pause"],
  ["slow:5", "has no backend 5: backends are 0 to 4"],
  ["slow:3-9", "has no backend 9"],
  ["slow:3-1", 'must count upwards: found "3-1"'],
  ["slow:0:0.5x", 'must have a factor from 1x to 1000000x: found "0.5x"'],
  ["slow:0:1.2.3x", "must have a factor"],
  ["slow:0:10s", 'has "10s" too much: it must look like slow:0:10x@10s-30s'],
  ["crash:0:2x", 'has "2x" too much'],
  ["flap:0:1s:1s:1s", 'has "1s" too much'],
  ["flap:0:0s", 'must have durations above zero: found "0s"'],
  ["slow:0@10", 'must have times like 10s, 500ms or 25%: found "10"'],
  ["slow:0@", "must have times like"],
  ["loss:0:0%", 'must have a share above 0% and up to 100%: found "0%"'],
  ["loss:0:101%", 'must have a share above 0% and up to 100%: found "101%"'],
  ["pause", "must have an end: it must look like pause@10s-15s"],
  ["pause:0@10s-15s", 'has "0" too much: it must look like pause@10s-15s'],
  ["slow:0@30s-10s", 'must end after it begins: found "@30s-10s"'],
  ["slow:0@1s-2s-3s", 'found "@1s-2s-3s"'],
  ["slow:0@1s@2s", 'with one "@"'],
];

for (const [text, message] of WRONG) {
  Deno.test(`parseFault() refuses "${text}"`, () => {
    assertThrows(() => parseFault(text, CONTEXT), SyntaxError, message);
  });
}

Deno.test("parseFault() says so when there is one backend only", () => {
  const one = { backends: 1, durationMs: 1000 };

  assertThrows(() => parseFault("slow:1", one), SyntaxError, "the only backend is 0");
});

Deno.test("parseFault() reads every example of the help and every scenario", () => {
  for (const { example } of FAULT_KINDS) parseFault(example, CONTEXT);
  for (const { faults } of Object.values(SCENARIOS)) {
    for (const backends of [1, 10, 95]) {
      for (const text of faults(backends)) parseFault(text, { backends, durationMs: 1000 });
    }
  }
});
