import { assertEquals } from "@std/assert";
import { formatProblem, loadConfigText } from "../../lib/config/load.ts";
import { readToken } from "../../lib/config/admin_token.ts";
import { configOf, memoryEnvironment, MINIMAL, problemsOf } from "./support.ts";

const PUBLIC = `admin: { address: "0.0.0.0:9090", token_file: token }\n${MINIMAL}`;
const TOKEN = "0123456789abcdef";

Deno.test("loadConfig() takes an admin interface for all that asks for a token", async () => {
  const { admin } = await configOf(PUBLIC, { files: { token: `${TOKEN}\n` } });

  assertEquals(admin, {
    address: { kind: "tcp", hostname: "0.0.0.0", port: 9090 },
    tokenFile: "token",
    hosts: [],
  });
});

Deno.test("loadConfig() looks for the token beside the configuration", async () => {
  const environment = memoryEnvironment({ files: { "/etc/weir/token": TOKEN } });
  const result = await loadConfigText("/etc/weir/weir.yaml", PUBLIC, environment);

  assertEquals(result.ok ? result.config.admin?.tokenFile : result, "/etc/weir/token");
});

Deno.test("loadConfig() wants no token for loopback", async () => {
  for (const address of ["127.0.0.1:9090", "127.9.9.9:9090", "[::1]:9090", "localhost:9090"]) {
    assertEquals(await problemsOf(`admin: { address: "${address}" }\n${MINIMAL}`), [], address);
  }
});

const BAD_FILES: readonly (readonly [name: string, files: Record<string, string>, string])[] = [
  ["that is not there", {}, "file does not exist"],
  ["with a short token", { token: "short" }, "file must hold 16 to 1024 ASCII characters"],
  ["with two tokens", { token: `${TOKEN}\n${TOKEN}` }, "file must hold 16 to 1024 ASCII"],
  ["with a token in other letters", { token: "ä".repeat(20) }, "file must hold 16 to 1024 ASCII"],
];

for (const [name, files, message] of BAD_FILES) {
  Deno.test(`loadConfig() refuses a token file ${name}, and shows nothing of it`, async () => {
    const problems = await problemsOf(PUBLIC, { files });

    assertEquals(problems.length, 1);
    assertEquals(problems[0]?.startsWith(`weir.yaml:1:47: admin.token_file: ${message}`), true);
    assertEquals(problems[0]?.endsWith('current value is "token"'), true);
  });
}

Deno.test("loadConfig() finds a missing token beside other mistakes", async () => {
  const text = `admin: { address: ":9090" }\nworkers: none\n${MINIMAL}`;
  const result = await loadConfigText("weir.yaml", text, memoryEnvironment());

  assertEquals(
    result.ok ? [] : result.problems.map(formatProblem).map((line) => line.slice(0, 40)),
    [
      "weir.yaml:1:1: admin.token_file: is requ",
      'weir.yaml:2:10: workers: must be "auto" ',
    ],
  );
});

Deno.test("readToken() takes white space off around a token", async () => {
  const { files } = memoryEnvironment({ files: { token: `\n ${TOKEN} \r\n` } });

  assertEquals(await readToken("token", files), { ok: true, token: TOKEN });
});
