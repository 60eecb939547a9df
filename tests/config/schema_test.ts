import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parse } from "@std/yaml";
import { z } from "zod";
import { ALGORITHM_ALIASES, ALGORITHMS } from "../../lib/balancer/registry.ts";
import { type LoadEnvironment, systemEnvironment } from "../../lib/config/files.ts";
import { jsonSchema, settingRows } from "../../lib/config/json_schema.ts";
import { formatProblem, loadConfig } from "../../lib/config/load.ts";
import { schemaText, settingsTable, withTable } from "../../tools/generate.ts";
import { TestAuthority } from "../support/certificates.ts";
import { TempFolder } from "../support/paths.ts";
import { MINIMAL, withRoute } from "./support.ts";

const root = (path: string) => new URL(`../../${path}`, import.meta.url).pathname;

Deno.test("config/schema.json is what the schema says (deno task schema)", async () => {
  assertEquals(await Deno.readTextFile(root("config/schema.json")), schemaText());
});

Deno.test("the table of the README is what the schema says (deno task schema)", async () => {
  const readme = await Deno.readTextFile(root("README.md")).catch(() => "");

  assertEquals(withTable(readme), readme);
});

Deno.test("withTable() replaces what is between its markers and nothing else", () => {
  const text = "a\n<!-- config-table -->\nold\n<!-- /config-table -->\nb\n";

  const updated = withTable(text);

  assert(updated.startsWith("a\n<!-- config-table -->\n"));
  assert(updated.endsWith("\n<!-- /config-table -->\nb\n"));
  assertStringIncludes(updated, settingsTable());
  assertEquals(withTable(updated), updated);
  assertEquals(withTable("no markers"), "no markers");
});

Deno.test("settingRows() explains every setting", () => {
  for (const row of settingRows()) {
    assert(row.type !== "" && row.meaning.endsWith("."), row.path);
  }
});

/** The real file system, with a certificate and its key where the examples name theirs. */
async function withCertificates(folder: string): Promise<LoadEnvironment> {
  const environment = systemEnvironment();
  const authority = await TestAuthority.create(folder);
  await authority.issue(["localhost"], { file: "site" });
  const read = (path: string) => {
    const [, ending] = /\.(pem|key)$/.exec(path) ?? [];
    return environment.files.read(ending === undefined ? path : `${folder}/site.${ending}`);
  };
  return { ...environment, files: { ...environment.files, read } };
}

for (const name of ["weir", "tcp", "http", "tls", "reference"]) {
  const path = root(`config/${name}.yaml`);

  Deno.test(`config/${name}.yaml loads, and names its schema`, async () => {
    await using folder = await TempFolder.create();

    const result = await loadConfig(path, await withCertificates(folder.path));

    assertEquals(result.ok ? [] : result.problems.map(formatProblem), []);
    const text = await Deno.readTextFile(path);
    assertEquals(text.split("\n")[0], "# yaml-language-server: $schema=./schema.json");
  });

  Deno.test(`config/${name}.yaml is right in the eyes of an editor`, async () => {
    const result = editorSchema().safeParse(parse(await Deno.readTextFile(path)));

    assert(result.success, result.error?.message);
  });
}

Deno.test("config/reference.yaml holds every setting, and each default as it is", async () => {
  const document = parse(await Deno.readTextFile(root("config/reference.yaml")));

  for (const row of settingRows()) {
    const values = ["app", "app-next"].flatMap((upstream) => {
      return valuesAt(document, row.path.replace("NAME", upstream)).map((v) => JSON.stringify(v));
    });
    assert(values.length > 0, `${row.path} must be in config/reference.yaml`);
    const isExample = row.default === undefined || row.path === "include";
    if (!isExample) assert(values.includes(row.default), `${row.path}: ${values}`);
  }
});

Deno.test("config/reference.yaml names every algorithm, by its other names too", async () => {
  const text = await Deno.readTextFile(root("config/reference.yaml"));

  const [comment = ""] = /(?: +#.*\n)+(?= +algorithm:)/.exec(text) ?? [];
  for (const name of [...Object.keys(ALGORITHMS), ...Object.keys(ALGORITHM_ALIASES)]) {
    assertMatch(comment, new RegExp(`\\b${name}\\b`));
  }
});

const DOCUMENTS: readonly [text: string, isRight: boolean][] = [
  [MINIMAL, true],
  [MINIMAL.replace("127.0.0.1", "${HOST}"), true],
  [`workers: \${WORKERS}\n${MINIMAL}`, true],
  ['loadbalancer: { listen_address: ":1" }\nbackends: [{ address: a, port: 1 }]', true],
  ["balancer: { port: 1 }\nbackends: [{ host: a, port: 1 }]\npool: { max_idle: 1 }", true],
  [`tls: {}\n${MINIMAL}`, false],
  [MINIMAL.replace("8081", "8081\n        weight: -1"), false],
  [`${MINIMAL}    connect_timeout: 30\n`, false],
  [`${MINIMAL}    connect_timeout: 30x\n`, false],
  [`${MINIMAL}    algorithm: magic\n`, false],
  [`${MINIMAL}    retry: { on: [reset], budget: 5% }\n    sticky: { cookie: sid }\n`, true],
  [`${MINIMAL}    retry: { on: [panic] }\n`, false],
  [`${MINIMAL}    retry: { budget: 0.2 }\n`, false],
  [withRoute("match: { path_prefix: /a, methods: [GET] }, split: { app: 1 }"), true],
  [withRoute("redirect: { status: 301, location: /x }"), true],
  [withRoute("redirect: { status: 300, location: /x }"), false],
  [withRoute("match: { path: a }, upstream: app"), false],
  [withRoute("match: { methods: [get] }, upstream: app"), false],
  [withRoute("response_headers: { set: { a b: x } }, upstream: app"), false],
];

for (const [text, isRight] of DOCUMENTS) {
  Deno.test(`the JSON Schema ${isRight ? "accepts" : "refuses"} ${JSON.stringify(text)}`, () => {
    assertEquals(editorSchema().safeParse(parse(text)).success, isRight);
  });
}

/** A second reading of the JSON Schema: what an editor would make of it. */
function editorSchema(): z.ZodType {
  return z.fromJSONSchema(JSON.parse(JSON.stringify(jsonSchema())));
}

/** What stands at a path, in whichever items of its lists. */
function valuesAt(document: unknown, path: string): unknown[] {
  const steps = path.replaceAll("[]", ".[]").split(".");
  return steps.reduce((nodes: unknown[], step) =>
    nodes.flatMap((node): unknown[] => {
      if (step === "[]") return Array.isArray(node) ? node : [];
      if (typeof node !== "object" || node === null || !Object.hasOwn(node, step)) return [];
      return [Reflect.get(node, step)];
    }), [document]);
}
