import { assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { findOutliers, mostEjected, type OutlierPolicy } from "../../lib/health/outlier_policy.ts";
import { GuardedFarm, type GuardedFarmOptions } from "../support/guarded_farm.ts";

const POLICY: OutlierPolicy = {
  consecutiveFailures: 5,
  consecutiveGatewayFailures: 0,
  successRateDeviation: 1.9,
  failurePercentage: 0,
  minHosts: 5,
  minRequests: 100,
  intervalMs: 10_000,
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectedPercent: 50,
};

function farmOf(
  backends: number,
  ending: GuardedFarmOptions["ending"],
  policy: Partial<OutlierPolicy> = {},
): GuardedFarm {
  return new GuardedFarm({
    backends,
    outlier: { ...POLICY, ...policy },
    panicThreshold: 50,
    ending,
  });
}

Deno.test("OutlierDetector ejects a backend that crashed at its fifth failure", () => {
  const farm = farmOf(3, (backend) => backend === 1 ? "refused" : "good");

  farm.run(20_000);

  assertEquals(farm.attempts[1], 5);
  assertEquals(farm.transcript, ["100 b1 ejected consecutive_failures 30000"]);
  assertEquals(farm.shares(100), [50, 0, 50]);
});

Deno.test("OutlierDetector ejects for longer each time, up to the most", () => {
  const farm = farmOf(3, (backend) => backend === 1 ? "late" : "good", { maxEjectionMs: 70_000 });

  farm.run(400_000);

  const times = farm.transcript.filter((line) => line.includes("ejected"))
    .map((line) => Number(line.split(" ").at(-1)));
  assertEquals(times.slice(0, 4), [30_000, 60_000, 70_000, 70_000]);
  assertEquals(farm.attempts[1], 5 * times.length);
});

Deno.test("OutlierDetector takes a step of the time back for each good interval", () => {
  const isBad = (atMs: number) => atMs < 85_000 || (atMs > 150_000 && atMs < 151_000);
  const farm = farmOf(3, (backend, atMs) => backend === 1 && isBad(atMs) ? "reset" : "good");

  farm.run(152_000);

  const times = farm.transcript.filter((line) => line.includes("ejected"))
    .map((line) => Number(line.split(" ").at(-1)));
  assertEquals(times, [30_000, 60_000, 30_000]);
});

Deno.test("OutlierDetector ends an ejection for a check that proves enough", () => {
  const refusing = farmOf(3, (backend) => backend === 1 ? "refused" : "good").run(200);
  const failing = farmOf(3, (backend) => backend === 1 ? "500" : "good").run(200);

  assertEquals(refusing.outliers?.checkPassed(0, "answer"), undefined);
  assertEquals(refusing.outliers?.checkPassed(1, "connection"), {
    backend: 1,
    to: "admitted",
    reason: "check",
  });
  assertEquals(failing.outliers?.checkPassed(1, "connection"), undefined);
  assertEquals(failing.outliers?.checkPassed(1, "answer")?.to, "admitted");

  assertEquals(refusing.guards.state(1).ejected, false);
});

Deno.test("OutlierDetector ejects one bad of a hundred and one, and no other", () => {
  const farm = farmOf(101, (backend, _, random) => {
    return backend === 50 && random() < 0.3 || random() < 0.02 ? "500" : "good";
  }, { consecutiveFailures: 0, minRequests: 50 });

  farm.run(20_000);

  assertEquals(farm.transcript.map((line) => line.split(" ").slice(1).join(" ")), [
    "b50 ejected success_rate 30000",
  ]);
});

Deno.test("OutlierDetector ejects nobody for gateway failures when other errors are between", () => {
  const policy = { consecutiveFailures: 0, consecutiveGatewayFailures: 5, successRateDeviation: 0 };
  const mixed = farmOf(
    3,
    (backend, atMs) => backend !== 1 ? "good" : atMs % 2 ? "500" : "502",
    policy,
  );
  const gateway = farmOf(3, (backend) => backend === 1 ? "502" : "good", policy);
  const plain = farmOf(3, (backend) => backend === 1 ? "500" : "good", policy);

  for (const farm of [mixed, gateway, plain]) farm.run(5000);

  assertEquals([mixed.transcript, plain.transcript], [[], []]);
  assertEquals(gateway.transcript, ["100 b1 ejected gateway_failures 30000"]);
});

Deno.test("OutlierDetector keeps to its cap when all are bad, and panic uses all", () => {
  const capped = new GuardedFarm({ backends: 10, outlier: POLICY, ending: () => "reset" });
  const panicking = farmOf(10, () => "reset", { maxEjectedPercent: 80 });

  capped.run(5000);
  assertEquals(capped.shares(100).filter((count) => count === 0).length, 5);
  panicking.run(5000);

  assertEquals(panicking.shares(1000), new Array(10).fill(100));
  assertEquals(panicking.refused + capped.refused, 0);
});

Deno.test("OutlierDetector never leaves an only backend without work while there is panic", () => {
  const farm = farmOf(1, () => "refused");

  farm.run(1000);

  assertEquals([farm.attempts[0], farm.refused], [1000, 0]);
  assertEquals(farm.transcript.length, 1);
});

Deno.test("OutlierDetector lets a backend that flaps have ever less of the work", () => {
  const farm = farmOf(5, (backend, _, random) => backend === 2 && random() < 0.5 ? "500" : "good");

  farm.run(300_000);

  assertGreater(farm.transcript.length, 2);
  assertLessOrEqual(farm.attempts[2]!, 0.35 * farm.attempts[0]!);
});

Deno.test("OutlierDetector.excuse() puts the end of ejections off", () => {
  const farm = farmOf(3, (backend, atMs) => backend === 1 && atMs < 500 ? "refused" : "good");
  farm.run(1000);
  farm.outliers?.excuse(40_000, farm.nowMs);

  farm.run(60_000);
  assertEquals(farm.transcript.length, 1);
  farm.run(20_000);

  assertEquals(farm.transcript.length, 2);
});

Deno.test("findOutliers() goes by the mean less deviations, and by a least gap", () => {
  const work = (...failed: number[]) => failed.map((count) => ({ done: 100, failed: count }));
  const policy = { ...POLICY, consecutiveFailures: 0 };
  const placesOf = (...failed: number[]) =>
    findOutliers(policy, work(...failed)).flatMap((reason, place) => reason ? [place] : []);

  assertEquals(placesOf(0, 0, 0, 0, 20), [4]);
  // 1.9 deviations away as well, but who fails once in a hundred is no outlier.
  assertEquals(placesOf(0, 0, 0, 0, 1), []);
  assertEquals(placesOf(0, 0, 0, 20), []);
  assertEquals(placesOf(50, 50, 50, 50, 50), []);
});

Deno.test("findOutliers() takes a share of failures that is too large, of enough work", () => {
  const policy = { ...POLICY, successRateDeviation: 0, failurePercentage: 85, minHosts: 2 };
  const work = [{ done: 100, failed: 85 }, { done: 100, failed: 84 }, { done: 99, failed: 99 }];

  assertEquals(findOutliers(policy, work), ["failure_percentage", undefined, undefined]);
});

Deno.test("mostEjected() is at least one", () => {
  const most = (percent: number, backends: number) =>
    mostEjected({ ...POLICY, maxEjectedPercent: percent }, backends);

  assertEquals([most(50, 3), most(10, 3), most(50, 1), most(100, 4)], [1, 1, 1, 4]);
});
