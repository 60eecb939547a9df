import { assert, assertAlmostEquals, assertEquals, assertLessOrEqual } from "@std/assert";
import { RetryBudget } from "../../lib/limit/retry_budget.ts";
import { seededRandom } from "../support/seeded_random.ts";

/** How many of `tries` withdrawals at `nowMs` go through. */
function withdraw(budget: RetryBudget, tries: number, nowMs: number): number {
  let granted = 0;
  for (let i = 0; i < tries; i++) if (budget.tryWithdraw(nowMs)) granted++;
  return granted;
}

function deposit(budget: RetryBudget, count: number, nowMs: number): void {
  for (let i = 0; i < count; i++) budget.deposit(nowMs);
}

Deno.test("RetryBudget lets through its share of the requests and no more", () => {
  const budget = new RetryBudget({ ratio: 0.2, minPerSecond: 0 });

  deposit(budget, 1000, 0);

  assertEquals(withdraw(budget, 1000, 0), 200);
});

for (const ratio of [0.05, 0.1, 0.2, 0.29, 0.5, 1]) {
  Deno.test(`RetryBudget of ${ratio} is exact for 100 requests`, () => {
    const budget = new RetryBudget({ ratio, minPerSecond: 0 });

    deposit(budget, 100, 0);

    assertEquals(withdraw(budget, 200, 0), Math.round(100 * ratio));
  });
}

Deno.test("RetryBudget allows a retry as soon as the requests for it are there", () => {
  const budget = new RetryBudget({ ratio: 0.2, minPerSecond: 0 });

  const granted = Array.from({ length: 10 }, () => {
    budget.deposit(0);
    return budget.tryWithdraw(0);
  });

  const expected = Array.from({ length: 10 }, (_, index) => index === 4 || index === 9);
  assertEquals(granted, expected);
});

Deno.test("RetryBudget allows ten retries a second over the window without any request", () => {
  const budget = new RetryBudget({ ratio: 0.2 });

  assertEquals(withdraw(budget, 1000, 0), 100);
  assertEquals(withdraw(budget, 1000, 9_999), 0);
  assertEquals(withdraw(budget, 1000, 10_000), 100);
});

Deno.test("RetryBudget adds its floor to its share", () => {
  const budget = new RetryBudget({ ratio: 0.2, minPerSecond: 10 });

  deposit(budget, 500, 0);

  assertEquals(withdraw(budget, 1000, 0), 200);
});

Deno.test("RetryBudget of ratio 0 keeps its floor", () => {
  const budget = new RetryBudget({ ratio: 0, minPerSecond: 1 });

  deposit(budget, 10_000, 0);

  assertEquals(withdraw(budget, 1000, 0), 10);
});

Deno.test("RetryBudget of ratio 0 and no floor allows nothing", () => {
  const budget = new RetryBudget({ ratio: 0, minPerSecond: 0 });

  deposit(budget, 10_000, 0);

  assertEquals(budget.tryWithdraw(0), false);
});

Deno.test("RetryBudget forgets requests when they leave the window", () => {
  const budget = new RetryBudget({ ratio: 0.2, minPerSecond: 0 });
  deposit(budget, 100, 0);
  deposit(budget, 50, 5_000);

  assertEquals(withdraw(budget, 1, 9_999), 1);
  // 20 of the first hundred requests are gone, 10 of the fifty are left, one of them is used.
  assertEquals(withdraw(budget, 100, 10_000), 9);

  assertEquals(withdraw(budget, 100, 15_000), 0);
});

Deno.test("RetryBudget gives retries back when they leave the window", () => {
  const budget = new RetryBudget({ ratio: 0.5, minPerSecond: 0 });
  deposit(budget, 10, 0);
  assertEquals(withdraw(budget, 10, 0), 5);
  deposit(budget, 10, 9_000);
  assertEquals(withdraw(budget, 10, 9_000), 5);

  deposit(budget, 4, 10_000);

  // 14 requests in the window, 5 retries: 7 - 5.
  assertEquals(withdraw(budget, 10, 10_000), 2);
});

Deno.test("RetryBudget saves up no more than a window's worth", () => {
  const budget = new RetryBudget({ ratio: 0.2, minPerSecond: 10 });

  for (let second = 0; second < 3600; second++) deposit(budget, 100, second * 1000);

  assertEquals(withdraw(budget, 10_000, 3_599_999), 300);
});

Deno.test("RetryBudget holds its share for an hour in which everything fails", () => {
  const budget = new RetryBudget({ ratio: 0.2, minPerSecond: 0 });
  let retries = 0;

  for (let second = 0; second < 3600; second++) {
    deposit(budget, 50, second * 1000);
    retries += withdraw(budget, 150, second * 1000);
  }

  assertAlmostEquals(retries / (3600 * 50), 0.2, 1e-3);
});

Deno.test("RetryBudget never exceeds its share in any window of random traffic", () => {
  const random = seededRandom(12);
  const budget = new RetryBudget({ ratio: 0.3, minPerSecond: 2 });
  const requests: number[] = [];
  const retries: number[] = [];

  for (let nowMs = 0; nowMs < 120_000; nowMs += Math.floor(random() * 40)) {
    if (random() < 0.5) {
      budget.deposit(nowMs);
      requests.push(nowMs);
    }
    if (!budget.tryWithdraw(nowMs)) continue;
    retries.push(nowMs);
    // Slots are whole seconds, so the window begins with the ninth before this one.
    const startMs = (Math.floor(nowMs / 1000) - 9) * 1000;
    const isInside = (atMs: number) => atMs >= startMs;
    const allowed = 0.3 * requests.filter(isInside).length + 20;
    assertLessOrEqual(retries.filter(isInside).length, allowed + 1e-6);
  }

  assert(retries.length > 300);
});

Deno.test("RetryBudget starts afresh after a pause longer than its window", () => {
  for (const pauseMs of [10_000, 86_400_000, 1e12]) {
    const budget = new RetryBudget({ ratio: 0.2 });
    deposit(budget, 100, 5_500);
    withdraw(budget, 1000, 5_500);

    assertEquals(withdraw(budget, 1000, 5_500 + pauseMs), 100);
    assertEquals(withdraw(budget, 1000, 14_999 + pauseMs), 0);
    assertEquals(withdraw(budget, 1000, 15_500 + pauseMs), 100);
  }
});

Deno.test("RetryBudget counts in its newest slot when the clock goes back a little", () => {
  const budget = new RetryBudget({ ratio: 0.2, minPerSecond: 0 });
  deposit(budget, 50, 20_000);

  deposit(budget, 50, 15_000);

  assertEquals(withdraw(budget, 10, 15_000), 10);
  assertEquals(withdraw(budget, 100, 29_999), 10);
  assertEquals(withdraw(budget, 100, 30_000), 0);
});

Deno.test("RetryBudget goes on when the clock goes back far", () => {
  const budget = new RetryBudget({ ratio: 0.2 });
  withdraw(budget, 1000, 1e9);

  assertEquals(withdraw(budget, 1000, 1000), 100);
  assertEquals(withdraw(budget, 1000, 11_000), 100);
});

Deno.test("RetryBudget slides over a window of another length", () => {
  const budget = new RetryBudget({ ratio: 0, minPerSecond: 5, windowMs: 2_000 });

  assertEquals(withdraw(budget, 100, 0), 10);
  assertEquals(withdraw(budget, 100, 1_999), 0);

  assertEquals(withdraw(budget, 100, 2_000), 10);
});
