import { assertAlmostEquals, assertEquals } from "@std/assert";
import { BALANCER, type Trouble } from "../../lib/simulate/fault.ts";
import {
  ANSWERED,
  CUT,
  FAILED_FAST,
  REFUSED,
  ServerFarm,
  type ServerFarmOptions,
  TIMED_OUT,
} from "../../lib/simulate/server_farm.ts";

function farmOf(options: Partial<ServerFarmOptions> & { trouble?: Trouble } = {}): ServerFarm {
  const { trouble } = options;
  const faults = trouble === undefined ? [] : [{ backend: 0, trouble }];
  return new ServerFarm({
    speeds: [1, 2],
    concurrency: 1,
    timeoutMs: 1000,
    faults,
    seed: 1,
    ...options,
  });
}

/** How an attempt ends, and when. */
function begin(farm: ServerFarm, server: number, nowMs: number, serviceMs: number) {
  const result = farm.begin(server, nowMs, serviceMs);
  return [result, farm.endMs];
}

Deno.test("ServerFarm serves in turn, by the speed of each server", () => {
  const farm = farmOf();

  assertEquals(begin(farm, 0, 0, 10), [ANSWERED, 10]);
  assertEquals(begin(farm, 0, 5, 10), [ANSWERED, 20]);
  assertEquals(begin(farm, 0, 50, 10), [ANSWERED, 60]);
  assertEquals(begin(farm, 1, 0, 10), [ANSWERED, 5]);
});

Deno.test("ServerFarm works on as many at once as there are slots", () => {
  const farm = farmOf({ concurrency: 2 });
  const ends = [10, 30, 10, 10, 10].map((serviceMs) => begin(farm, 0, 0, serviceMs)[1]);

  assertEquals(ends, [10, 30, 20, 30, 40]);
});

Deno.test("ServerFarm goes on with what its client has given up", () => {
  const farm = farmOf({ timeoutMs: 15 });

  assertEquals(begin(farm, 0, 0, 100), [TIMED_OUT, 15]);
  assertEquals(begin(farm, 0, 90, 5), [ANSWERED, 105]);
});

Deno.test("ServerFarm refuses at once while a server is away", () => {
  const farm = farmOf({
    trouble: { kind: "away", span: { fromMs: 10, toMs: 20 }, cuts: true },
  });

  assertEquals(begin(farm, 0, 12, 5), [REFUSED, 12]);
  assertEquals([farm.probe(0, 12, 5), farm.probe(0, 20, 5), farm.probe(1, 12, 5)], [
    REFUSED,
    ANSWERED,
    ANSWERED,
  ]);
});

Deno.test("ServerFarm loses in a crash what it works on and what waits", () => {
  const farm = farmOf({
    trouble: { kind: "away", span: { fromMs: 10, toMs: 20 }, cuts: true },
  });

  assertEquals(begin(farm, 0, 0, 8), [ANSWERED, 8]);
  assertEquals(begin(farm, 0, 0, 8), [CUT, 10]);
  assertEquals(begin(farm, 0, 0, 8), [CUT, 10]);
  assertEquals(begin(farm, 0, 20, 8), [ANSWERED, 28]);
});

Deno.test("ServerFarm finishes its work before a restart", () => {
  const farm = farmOf({
    trouble: { kind: "away", span: { fromMs: 10, toMs: 20 }, cuts: false },
  });

  assertEquals(begin(farm, 0, 9, 8), [ANSWERED, 17]);
  assertEquals(begin(farm, 0, 10, 8), [REFUSED, 10]);
});

Deno.test("ServerFarm fails fast without doing any work", () => {
  const trouble: Trouble = { kind: "fail-fast", span: { fromMs: 10, toMs: 20 }, answerMs: 1 };
  const farm = farmOf({ trouble });

  assertEquals(begin(farm, 0, 10, 500), [FAILED_FAST, 11]);
  assertEquals(begin(farm, 0, 20, 5), [ANSWERED, 25]);
});

Deno.test("ServerFarm is slow with work that begins while it is slow", () => {
  const trouble: Trouble = { kind: "slow", span: { fromMs: 10, toMs: 20 }, factor: 3 };
  const farm = farmOf({ trouble });

  assertEquals(begin(farm, 0, 0, 15), [ANSWERED, 15]);
  assertEquals(begin(farm, 0, 0, 2), [ANSWERED, 21]);
  assertEquals(begin(farm, 0, 0, 2), [ANSWERED, 23]);
});

Deno.test("ServerFarm rests while a server hangs, and goes on with its work after", () => {
  const farm = farmOf({
    trouble: { kind: "hang", span: { fromMs: 100, toMs: 600 } },
    timeoutMs: 550,
  });

  // Half done when it stops; then one that waits for its turn, and one that has no time to.
  assertEquals(begin(farm, 0, 90, 20), [ANSWERED, 610]);
  assertEquals(begin(farm, 0, 95, 10), [ANSWERED, 620]);
  assertEquals(begin(farm, 0, 97, 100), [TIMED_OUT, 647]);
  assertEquals([farm.probe(0, 200, 300), farm.endMs], [TIMED_OUT, 500]);
  assertEquals([farm.probe(0, 400, 300), farm.endMs], [ANSWERED, 600]);
  assertEquals([farm.probe(0, 700, 300), farm.endMs], [ANSWERED, 700]);
});

Deno.test("ServerFarm refuses the share of connections that gets lost, the same with the same seed", () => {
  const results = () => {
    const span = { fromMs: 0, toMs: 1e9 };
    const farm = farmOf({ trouble: { kind: "loss", span, share: 0.3 } });
    return Array.from({ length: 10_000 }, (_, at) => farm.begin(0, 100 * at, 1));
  };

  const refused = results().filter((result) => result === REFUSED).length;

  assertAlmostEquals(refused / 10_000, 0.3, 0.02);
  assertEquals(results(), results());
});

Deno.test("ServerFarm gives up on nobody while the balancer stands still", () => {
  const pause = { kind: "pause", span: { fromMs: 100, toMs: 5000 } } as const;
  const farm = farmOf({ faults: [{ backend: BALANCER, trouble: pause }] });

  // Its second would be over in the pause; it is answered before that ends.
  assertEquals(begin(farm, 0, 90, 4000), [ANSWERED, 4090]);
  assertEquals(begin(farm, 0, 95, 4000), [TIMED_OUT, 5050]);
});
