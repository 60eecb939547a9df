import { assertAlmostEquals, assertEquals } from "@std/assert";
import { RunMeter, WINDOWS } from "../../lib/simulate/run_meter.ts";

Deno.test("RunMeter.course() has the p99 of each part of the run, and NaN for empty ones", () => {
  const meter = new RunMeter(1, WINDOWS * 100);
  meter.answered(50, 5);
  for (let count = 0; count < 99; count++) meter.answered(250, 1);
  meter.answered(299, 7);
  meter.answered(300, 9);

  const course = meter.course();

  assertEquals(course.length, WINDOWS);
  assertAlmostEquals(course[0]!, 5, 0.05);
  assertEquals(course[1], NaN);
  assertAlmostEquals(course[2]!, 1, 0.01);
  assertAlmostEquals(course[3]!, 9, 0.09);
  assertEquals(course.slice(4).every(Number.isNaN), true);
});

Deno.test("RunMeter.course() puts late answers into the last part", () => {
  const meter = new RunMeter(1, WINDOWS * 100);
  meter.answered(WINDOWS * 1000, 3);

  assertAlmostEquals(meter.course().at(-1)!, 3, 0.03);
  assertEquals(meter.latency.count, 1);
});
