import { assertEquals, assertThrows } from "@std/assert";
import { durationFlag, numberFlag, numbersFlag, textFlag } from "../../lib/cli/flag_readers.ts";
import { UsageError } from "../../lib/cli/flags.ts";

const FLAGS = {
  n: "12",
  half: "0.5",
  list: "3,1,1",
  time: "1m30s",
  bad: "many",
  gap: "1,,2",
  bare: "10",
  none: undefined,
};
const RANGE = { min: 0, max: 20 };
const WHOLE = { min: 1, max: 20, whole: true } as const;

Deno.test("flag readers read what is right and leave out what is not given", () => {
  assertEquals(textFlag(FLAGS, "n"), "12");
  assertEquals(numberFlag(FLAGS, "n", WHOLE), 12);
  assertEquals(numberFlag(FLAGS, "half", RANGE), 0.5);
  assertEquals(numbersFlag(FLAGS, "list", WHOLE), [3, 1, 1]);
  assertEquals(durationFlag(FLAGS, "time", { minMs: 1 }), 90_000);
  assertEquals(
    [textFlag(FLAGS, "none"), numberFlag(FLAGS, "none", RANGE), numbersFlag(FLAGS, "none", RANGE)],
    [undefined, undefined, undefined],
  );
  assertEquals(durationFlag(FLAGS, "none", { minMs: 1 }), undefined);
});

const WRONG: readonly [read: () => unknown, message: string][] = [
  [
    () => numberFlag(FLAGS, "bad", RANGE),
    '--bad must be a number from 0 to 20: current value is "many"',
  ],
  [() => numberFlag(FLAGS, "half", WHOLE), "--half must be a whole number from 1 to 20"],
  [() => numberFlag({ n: "21" }, "n", RANGE), "--n must be a number from 0 to 20"],
  [() => numberFlag({ n: "-1" }, "n", RANGE), 'current value is "-1"'],
  [() => numberFlag({ n: "1e1" }, "n", RANGE), 'current value is "1e1"'],
  [
    () => numbersFlag(FLAGS, "gap", RANGE),
    '--gap must be a number from 0 to 20: current value is ""',
  ],
  [() => durationFlag(FLAGS, "bare", { minMs: 0 }), "--bare must have a unit, like 10s"],
  [() => durationFlag({ t: "0s" }, "t", { minMs: 1 }), "--t must be at least 1ms and at most 24h"],
  [() => durationFlag({ t: "25h" }, "t", { minMs: 1 }), "at most 24h"],
];

for (const [read, message] of WRONG) {
  Deno.test(`flag readers refuse: ${message}`, () => {
    assertThrows(read, UsageError, message);
  });
}
