import { assertEquals, assertStringIncludes } from "@std/assert";
import { configOf, MINIMAL, problemsOf } from "./support.ts";

Deno.test("log.levels holds the categories that it names, and is left out without any", async () => {
  const named = await configOf(`log: { levels: { health: debug, tls: warn } }\n${MINIMAL}`);
  const none = await configOf(`log: { levels: {} }\n${MINIMAL}`);

  assertEquals(named.log, {
    level: "info",
    levels: { health: "debug", tls: "warning" },
    format: "text",
  });
  assertEquals(none.log, { level: "info", format: "text" });
});

Deno.test("there is no access log and no tracing unless a section says so", async () => {
  const { accessLog, tracing } = await configOf(MINIMAL);

  assertEquals([accessLog, tracing], [undefined, undefined]);
});

Deno.test("an empty section is an access log in JSON on standard output", async () => {
  const { accessLog } = await configOf(`access_log: {}\n${MINIMAL}`);

  assertEquals(accessLog, { format: "json", sample: 1 });
});

Deno.test("an access log can be turned off where it stands", async () => {
  const { accessLog } = await configOf(`access_log: { enabled: false, file: /a.log }\n${MINIMAL}`);

  assertEquals(accessLog, undefined);
});

Deno.test("the endpoint of a collector gets the path of OTLP unless it has one", async () => {
  for (
    const [endpoint, wanted] of [
      ["http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"],
      ["https://otel/", "https://otel/v1/traces"],
      ["http://otel/in", "http://otel/in"],
    ]
  ) {
    const { tracing } = await configOf(`tracing: { endpoint: "${endpoint}" }\n${MINIMAL}`);

    assertEquals(tracing, {
      endpoint: wanted!,
      sample: 0.01,
      maxPerSecond: 100,
      serviceName: "weir",
    });
  }
});

const CASES: readonly [name: string, section: string, problem: string][] = [
  [
    "a format that is none",
    "access_log: { format: text }",
    'access_log.format: must be one of "json", "combined"',
  ],
  [
    "a category that is none",
    "log: { levels: { heath: debug } }",
    'log.levels.heath: unknown key "heath": did you mean "health"?',
  ],
  [
    "a level of a category that is none",
    "log: { levels: { health: debg } }",
    'log.levels.health: must be one of "debug", "info", "warning", "error" (did you mean "debug"?)',
  ],
  [
    "a share above all",
    "access_log: { sample: 2 }",
    "access_log.sample: must be a number from 0 to",
  ],
  ["a collector without an address", "tracing: {}", "tracing.endpoint: is required"],
  [
    "a collector without a scheme",
    "tracing: { endpoint: '127.0.0.1:4318' }",
    "tracing.endpoint: must be a URL of http or https",
  ],
  [
    "a collector with a password",
    "tracing: { endpoint: 'http://a:b@otel' }",
    "tracing.endpoint: must be a URL of http or https",
  ],
];

for (const [name, section, problem] of CASES) {
  Deno.test(`${name} is a problem`, async () => {
    assertStringIncludes((await problemsOf(`${section}\n${MINIMAL}`)).join("\n"), problem);
  });
}
