import { assert, assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import type { RetryCondition } from "../../lib/config/types.ts";
import {
  type AttemptFailure,
  backoffMs,
  decideRetry,
  isIdempotent,
  MAX_STALE_RETRIES,
  type RetryContext,
  type RetryDecision,
  retryDelayMs,
} from "../../lib/proxy/retry.ts";
import { seededRandom } from "../support/seeded_random.ts";

const ALL: readonly RetryCondition[] = [
  "connect",
  "reset",
  "timeout",
  "status_502",
  "status_503",
  "status_504",
];
const FAILURES: readonly AttemptFailure[] = ["connect", "reset", "timeout", 500, 502, 503, 504];

/** A GET whose head was sent on a fresh connection, with everything allowed. */
const SENT_GET: RetryContext = {
  wasIdle: false,
  sent: true,
  answered: false,
  committed: false,
  idempotent: true,
  replayable: true,
  attemptsLeft: 2,
  staleRetries: 0,
  on: ALL,
  timeLeftMs: Infinity,
};

type Row = readonly [
  name: string,
  failure: AttemptFailure,
  change: Partial<RetryContext>,
  expected: RetryDecision,
];

const POST = { idempotent: false };
const UNSENT = { sent: false };
const STALE = { wasIdle: true };

const ROWS: readonly Row[] = [
  ["a backend cannot be connected to", "connect", UNSENT, "retry"],
  ["the same for POST", "connect", { ...UNSENT, ...POST }, "retry"],
  ["the same for a long upload", "connect", { ...UNSENT, replayable: false }, "retry"],
  ["the same, the last backend", "connect", { ...UNSENT, attemptsLeft: 0 }, "fail"],
  ["the same, too late", "connect", { ...UNSENT, timeLeftMs: 0 }, "fail"],
  ["the same, not configured", "connect", { ...UNSENT, on: ["reset"] }, "fail"],
  ["the same, nothing configured", "connect", { ...UNSENT, on: [] }, "fail"],

  ["a fresh connection dies", "reset", {}, "retry"],
  ["the same for POST", "reset", POST, "fail"],
  ["the same for a long upload", "reset", { replayable: false }, "fail"],
  ["the same before POST was sent", "reset", { ...POST, ...UNSENT }, "retry"],
  [
    "the same before a long upload was sent",
    "reset",
    { ...UNSENT, replayable: false },
    "retry",
  ],
  ["a fresh connection dies within the answer's head", "reset", { answered: true }, "retry"],
  ["the same for POST", "reset", { ...POST, answered: true }, "fail"],
  ["the same after the head went to the client", "reset", { committed: true }, "fail"],
  ["a fresh connection dies, the last backend", "reset", { attemptsLeft: 0 }, "fail"],
  ["the same, not configured", "reset", { on: ["connect"] }, "fail"],
  ["the same, too late", "reset", { timeLeftMs: -1 }, "fail"],

  ["a pooled connection was dead", "reset", STALE, "retry_unblamed"],
  ["the same for POST", "reset", { ...STALE, ...POST }, "fail"],
  ["the same for a long upload", "reset", { ...STALE, replayable: false }, "fail"],
  ["the same before POST was sent", "reset", { ...STALE, ...POST, ...UNSENT }, "retry_unblamed"],
  [
    "the same before a long upload was sent",
    "reset",
    { ...STALE, ...UNSENT, replayable: false },
    "retry_unblamed",
  ],
  ["the same, no attempt left", "reset", { ...STALE, attemptsLeft: 0 }, "retry_unblamed"],
  ["the same, nothing configured", "reset", { ...STALE, on: [] }, "retry_unblamed"],
  ["the same, too late", "reset", { ...STALE, timeLeftMs: 0 }, "fail"],
  ["the same after the head went to the client", "reset", { ...STALE, committed: true }, "fail"],
  ["a pooled connection dies within an answer", "reset", { ...STALE, answered: true }, "retry"],
  [
    "the same, no attempt left",
    "reset",
    { ...STALE, answered: true, attemptsLeft: 0 },
    "fail",
  ],
  [
    "a pooled connection was dead for the second time",
    "reset",
    { ...STALE, staleRetries: 1 },
    "retry_unblamed",
  ],
  ["the same once too often", "reset", { ...STALE, staleRetries: MAX_STALE_RETRIES }, "retry"],
  [
    "the same once too often, no attempt left",
    "reset",
    { ...STALE, staleRetries: MAX_STALE_RETRIES, attemptsLeft: 0 },
    "fail",
  ],

  ["no answer in time", "timeout", {}, "retry"],
  ["the same for POST", "timeout", POST, "fail"],
  ["the same on a pooled connection", "timeout", STALE, "retry"],
  ["the same for a long upload", "timeout", { replayable: false }, "fail"],
  ["the same, not configured", "timeout", { on: ["connect", "reset"] }, "fail"],
  ["the same after the head went to the client", "timeout", { committed: true }, "fail"],

  ["an answer 502", 502, { answered: true }, "retry"],
  ["an answer 503", 503, { answered: true }, "retry"],
  ["an answer 504", 504, { answered: true }, "retry"],
  ["an answer 500", 500, { answered: true }, "fail"],
  ["an answer 200", 200, { answered: true }, "fail"],
  ["an answer 503 to POST", 503, { ...POST, answered: true }, "fail"],
  ["an answer 503 on a pooled connection", 503, { ...STALE, answered: true }, "retry"],
  ["an answer 503 from the last backend", 503, { answered: true, attemptsLeft: 0 }, "fail"],
  ["an answer 503, 502 configured", 503, { answered: true, on: ["status_502"] }, "fail"],
  ["an answer 503 that went to the client", 503, { answered: true, committed: true }, "fail"],
];

for (const [name, failure, change, expected] of ROWS) {
  Deno.test(`decideRetry() after ${failure} (${name}: ${JSON.stringify(change)})`, () => {
    assertEquals(decideRetry(failure, { ...SENT_GET, ...change }), expected);
  });
}

/** Every combination of failure and context. */
function* allCases(): Generator<{ failure: AttemptFailure; context: RetryContext }> {
  const either = [false, true];
  const lists = [[], ["connect"], ["reset"], ["timeout"], ["status_503"], ALL] as const;
  for (const failure of FAILURES) {
    for (let bits = 0; bits < 64; bits++) {
      const bit = (place: number) => either[bits >> place & 1]!;
      for (const on of lists) {
        for (const attemptsLeft of [0, 1]) {
          for (const staleRetries of [0, MAX_STALE_RETRIES]) {
            for (const timeLeftMs of [0, 1, Infinity]) {
              const context = {
                wasIdle: bit(0),
                sent: bit(1),
                answered: bit(2),
                committed: bit(3),
                idempotent: bit(4),
                replayable: bit(5),
                attemptsLeft,
                staleRetries,
                on,
                timeLeftMs,
              };
              yield { failure, context };
            }
          }
        }
      }
    }
  }
}

Deno.test("decideRetry() obeys each rule in every combination", () => {
  let count = 0;
  for (const { failure, context } of allCases()) {
    const decision = decideRetry(failure, context);
    const say = `${failure} ${JSON.stringify(context)}: ${decision}`;
    count++;
    if (decision === "fail") continue;
    assert(!context.committed, say);
    assert(context.timeLeftMs > 0, say);
    if (failure !== "connect" && context.sent) {
      assert(context.idempotent && context.replayable, say);
    }
    if (decision === "retry") {
      assert(context.attemptsLeft > 0, say);
      const condition = typeof failure === "number" ? `status_${failure}` : failure;
      assert(context.on.some((name) => name === condition), say);
    } else {
      assert(failure === "reset" && context.wasIdle && !context.answered, say);
      assertLess(context.staleRetries, MAX_STALE_RETRIES, say);
    }
  }
  assertEquals(count, 7 * 64 * 6 * 2 * 2 * 3);
});

Deno.test("decideRetry() refuses only what a rule forbids", () => {
  for (const { failure, context } of allCases()) {
    if (decideRetry(failure, context) !== "fail") continue;
    const { committed, timeLeftMs, sent, idempotent, replayable, attemptsLeft, on } = context;
    const condition = typeof failure === "number" ? `status_${failure}` : failure;
    const reasons = [
      committed,
      timeLeftMs <= 0,
      failure !== "connect" && sent && !(idempotent && replayable),
      attemptsLeft === 0,
      !on.some((name) => name === condition),
    ];
    assert(reasons.includes(true), `${failure} ${JSON.stringify(context)}`);
  }
});

Deno.test("decideRetry() ends when every connection of every pool turns out dead", () => {
  let attemptsLeft = 3;
  let staleRetries = 0;
  let tries = 1;

  for (;; tries++) {
    const context = { ...SENT_GET, wasIdle: true, attemptsLeft, staleRetries };
    const decision = decideRetry("reset", context);
    if (decision === "fail") break;
    if (decision === "retry") attemptsLeft--;
    else staleRetries++;
  }

  assertEquals(tries, 1 + MAX_STALE_RETRIES + 3);
});

Deno.test("isIdempotent() knows the methods of RFC 9110, and their case", () => {
  const methods = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"];

  assertEquals(methods.map(isIdempotent), methods.map(() => true));
  for (const method of ["POST", "PATCH", "CONNECT", "get", "PROPFIND", "", "constructor"]) {
    assertEquals(isIdempotent(method), false, method);
  }
});

Deno.test("backoffMs() doubles its ceiling from 25 ms to 250 ms", () => {
  const ceilings = [1, 2, 3, 4, 5, 6, 2000].map((attempt) => backoffMs(attempt, () => 1));

  assertEquals(ceilings, [25, 50, 100, 200, 250, 250, 250]);
});

Deno.test("backoffMs() spreads over everything from 0 to the ceiling", () => {
  const random = seededRandom(25);

  const waits = Array.from({ length: 1000 }, () => backoffMs(3, random)).sort((a, b) => a - b);

  assertLess(waits[0]!, 2);
  assertLess(98, waits[999]!);
  assertLessOrEqual(waits[999]!, 100);
  assertLess(Math.abs(waits[500]! - 50), 5);
  assertEquals(backoffMs(3, () => 0), 0);
});

Deno.test("retryDelayMs() does not wait for another backend after the first failure to connect", () => {
  const half = () => 0.5;

  assertEquals(retryDelayMs({ failure: "connect", attempt: 1, elsewhere: true }, half), 0);
  assertEquals(retryDelayMs({ failure: "connect", attempt: 2, elsewhere: true }, half), 25);
  assertEquals(retryDelayMs({ failure: "connect", attempt: 1, elsewhere: false }, half), 12.5);
  assertEquals(retryDelayMs({ failure: "reset", attempt: 1, elsewhere: true }, half), 12.5);
  assertEquals(retryDelayMs({ failure: 503, attempt: 3, elsewhere: true }, half), 50);
});
