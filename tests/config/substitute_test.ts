import { assertEquals } from "@std/assert";
import { escapeVariables, substitute } from "../../lib/config/substitute.ts";
import { configOf, MINIMAL, problemsOf } from "./support.ts";

const SOURCE = { name: "weir.yaml", text: "" };
const VARIABLES = new Map([
  ["HOST", "10.0.0.1"],
  ["EMPTY", ""],
  ["TRICKY", "${HOST}\nb: {c: 1}"],
  ["_x9", "nine"],
]);
const lookUp = (name: string) => VARIABLES.get(name);

const TEXTS: readonly [text: string, result: string][] = [
  ["plain", "plain"],
  ["${HOST}", "10.0.0.1"],
  ["a-${HOST}-${_x9}", "a-10.0.0.1-nine"],
  ["${NOPE:-default}", "default"],
  ["${EMPTY:-default}", "default"],
  ["${EMPTY}", ""],
  ["${NOPE:-}", ""],
  ["${NOPE:-a:-b}", "a:-b"],
  ["$${HOST}", "${HOST}"],
  ["pa$$word $HOST $", "pa$$word $HOST $"],
  ["${TRICKY}", "${HOST}\nb: {c: 1}"],
];

for (const [text, result] of TEXTS) {
  Deno.test(`substitute() makes ${JSON.stringify(result)} of ${text}`, () => {
    assertEquals(substitute(SOURCE, text, lookUp), { value: result, findings: [] });
  });
}

const WRONG: readonly [text: string, message: string][] = [
  ["${NOPE}", "environment variable NOPE must be set, or have a default: ${NOPE:-default}"],
  ["${}", "variable must be written ${NAME} or ${NAME:-default}"],
  ["${9A}", "variable must be written ${NAME} or ${NAME:-default}"],
  ["${NOPE-x}", "variable must be written ${NAME} or ${NAME:-default}"],
  ["${HOST", '"${" must be closed with "}", or written "$${" to stand for itself'],
];

for (const [text, message] of WRONG) {
  Deno.test(`substitute() reports ${text}`, () => {
    const { findings } = substitute(SOURCE, { a: [text] }, lookUp);

    assertEquals(findings.map((finding) => [finding.path, finding.message]), [[["a", 0], message]]);
  });
}

Deno.test("substitute() reports variables that must not be read", () => {
  const denied = () => {
    throw new Error("denied");
  };

  const { findings } = substitute(SOURCE, "${A}", denied);

  assertEquals(findings.map((finding) => finding.message), [
    "environment variable A cannot be read: denied",
  ]);
});

Deno.test("escapeVariables() is undone by substitute()", () => {
  for (const text of ["${A}", "$${A}", "$", "${${"]) {
    assertEquals(substitute(SOURCE, escapeVariables(text), lookUp).value, text);
  }
});

Deno.test("loadConfig() takes numbers, durations and booleans from the environment", async () => {
  const text = `sandbox: \${SANDBOX}\nshutdown_timeout: \${WAIT}\nworkers: \${WORKERS:-3}\n` +
    MINIMAL.replace(`":8080"`, "127.0.0.1:${PORT}");

  const config = await configOf(text, { variables: { PORT: "81", WAIT: "5s", SANDBOX: "false" } });

  assertEquals(config.sandbox, false);
  assertEquals(config.shutdownTimeoutMs, 5000);
  assertEquals(config.workers, 3);
  assertEquals(config.listeners[0]?.name, "127.0.0.1:81");
});

Deno.test("loadConfig() never takes structure from the environment", async () => {
  const text = MINIMAL.replace("127.0.0.1:8081", "${EVIL}");

  const problems = await problemsOf(text, { variables: { EVIL: "a:1\n      - address: b:2" } });

  assertEquals(problems, [
    "weir.yaml:7:18: upstreams.app.backends[0].address: an IPv6 address needs brackets, " +
    String.raw`like [::1]:8080: current value is "a:1\n      - address: b:2"`,
  ]);
});

Deno.test("loadConfig() reports an unset variable where it stands", async () => {
  const problems = await problemsOf(MINIMAL.replace("127.0.0.1:8081", "${NOPE}:8081"));

  assertEquals(
    problems[0]?.startsWith("weir.yaml:7:18: upstreams.app.backends[0].address: env"),
    true,
  );
});
