import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { configOf, MINIMAL, problemsOf } from "./support.ts";

const withUpstream = (text: string) => `${MINIMAL}    ${text}\n`;

const CASES: readonly [name: string, text: string, problem: string][] = [
  [
    "an unknown algorithm",
    withUpstream("concurrency: { algorithm: vega }"),
    '8:31: upstreams.app.concurrency.algorithm: must be one of "none", "aimd", "vegas", ' +
    '"gradient", "cubic" (did you mean "vegas"?)',
  ],
  [
    "a limit that begins below its bounds",
    withUpstream("concurrency: { min: 5, initial: 4 }"),
    "8:37: upstreams.app.concurrency.initial: must be from min, 5, to max, 200: current value is 4",
  ],
  [
    "a highest limit below the lowest",
    withUpstream("concurrency: { min: 5, max: 4 }"),
    "8:33: upstreams.app.concurrency.max: must be at least min, 5: current value is 4",
  ],
  [
    "a lowest limit above the default of the highest",
    withUpstream("concurrency: { min: 300 }"),
    "8:25: upstreams.app.concurrency.min: must be at most max, 200: current value is 300",
  ],
  [
    "a queue that waits for nothing",
    withUpstream("queue: { timeout: 0s }"),
    "8:23: upstreams.app.queue.timeout: must be longer than zero",
  ],
  [
    "fewer connections than none",
    MINIMAL.replace("address: 127.0.0.1:8081", "{ address: 127.0.0.1:8081, max_connections: -1 }"),
    "max_connections: must be a whole number from 0 to 1000000: current value is -1",
  ],
];

for (const [name, text, problem] of CASES) {
  Deno.test(`loadConfig() reports ${name}`, async () => {
    const problems = await problemsOf(text);

    assert(problems.length === 1, `there are ${problems.length} problems: ${problems.join("; ")}`);
    assertStringIncludes(problems[0]!, problem);
  });
}

Deno.test("loadConfig() begins a limit within the bounds that are given", async () => {
  const { upstreams: [app] } = await configOf(
    withUpstream("concurrency: { algorithm: vegas, max: 8 }"),
  );

  assertEquals(app?.concurrency, {
    algorithm: "vegas",
    initial: 8,
    min: 1,
    max: 8,
    timeoutMs: 5000,
  });
});
