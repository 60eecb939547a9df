import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { freeAddress } from "../support/free_port.ts";
import { TempFolder } from "../support/paths.ts";
import { runWeir, startWeir } from "../support/weir.ts";

/** What goes in, and what must come out. */
interface Case {
  readonly args: readonly string[];
  readonly code: number;
  readonly stdout?: RegExp;
  readonly stderr?: RegExp;
}

const CASES: readonly Case[] = [
  { args: ["--version"], code: 0, stdout: /^weir \d+\.\d+\.\d+\n$/ },
  { args: ["--help"], code: 0, stdout: /check[^]*schema/ },
  { args: ["check", "--help"], code: 0, stdout: /--expand/ },
  { args: ["run", "--help"], code: 0, stdout: /--demo/ },
  { args: ["simulate", "--help"], code: 0, stdout: /--scenario[^]*flapping[^]*slow:0:10x@10s-30s/ },
  { args: ["help"], code: 0, stdout: /check[^]*schema/ },
  { args: ["help", "check"], code: 0, stdout: /--expand/ },
  { args: ["run", "--version"], code: 0, stdout: /^weir \d+\.\d+\.\d+\n$/ },
  { args: ["--verison"], code: 2, stderr: /unknown flag "--verison": did you mean "--version"\?/ },
  { args: ["--demo=no"], code: 2, stderr: /--demo takes no value/ },
  { args: ["--confg", "x"], code: 2, stderr: /unknown flag "--confg": did you mean "--config"\?/ },
  { args: ["check", "--formt"], code: 2, stderr: /did you mean "--format"\?/ },
  { args: ["chek"], code: 2, stderr: /unknown command "chek": did you mean "check"\?/ },
  { args: ["--config"], code: 2, stderr: /--config needs a value/ },
  { args: ["--log-level", "loud"], code: 2, stderr: /--log-level must be one of .*"loud"/ },
  { args: ["--workers", "0"], code: 2, stderr: /--workers must be 1 to 256.*"0"/ },
  { args: ["run", "surplus"], code: 2, stderr: /unexpected argument "surplus"/ },
  { args: ["--config", "/nowhere/weir.yaml"], code: 1, stderr: /\/nowhere\/weir\.yaml.*not exist/ },
  { args: ["--config", "/"], code: 1, stderr: /directory/ },
];

for (const { args, code, stdout, stderr } of CASES) {
  Deno.test(`weir ${args.join(" ")} ends with ${code}`, async () => {
    const finished = await runWeir({ args });

    assertEquals(finished.code, code, finished.stderr);
    if (stdout !== undefined) assertMatch(finished.stdout, stdout);
    assertMatch(finished.stderr, stderr ?? /^$/);
    assertNoTrace(finished.stderr);
  });
}

Deno.test("weir without a configuration names both files it looked for", async () => {
  await using folder = await TempFolder.create();

  const { code, stderr } = await runWeir({ args: [], cwd: folder.path });

  assertEquals(code, 1);
  assertStringIncludes(stderr, "config/weir.yaml");
  assertStringIncludes(stderr, " config.yaml");
  assertNoTrace(stderr);
});

Deno.test("weir check says ok, or everything that is wrong at once", async () => {
  await using folder = await TempFolder.create();
  const good = await folder.write("good.yaml", configText(freeAddress(), freeAddress()));
  const bad = await folder.write("bad.yaml", "listeners:\n  - addres: ':1'\nupstreams: {}\n");

  const ok = await runWeir({ args: ["check", "--config", good] });
  const notOk = await runWeir({ args: ["check", "--config", bad] });
  const json = await runWeir({ args: ["check", "--config", bad, "--format", "json"] });

  assertEquals({ code: ok.code, stderr: ok.stderr }, { code: 0, stderr: "" });
  assertStringIncludes(ok.stdout, `${good}: ok`);
  assertEquals(notOk.code, 1);
  assertMatch(notOk.stderr, /bad\.yaml:2:5: listeners\[0\]\.addres: .*did you mean "address"/);
  assertMatch(notOk.stderr, /bad\.yaml:3:\d+: upstreams/);
  assertNoTrace(notOk.stderr);
  assertEquals(json.code, 1);
  assertEquals((JSON.parse(json.stdout) as { ok: boolean }).ok, false);
});

Deno.test("weir schema prints the schema that the project ships", async () => {
  const { code, stdout } = await runWeir({ args: ["schema"] });

  assertEquals(code, 0);
  const shipped = await Deno.readTextFile(new URL("../../config/schema.json", import.meta.url));
  assertEquals(JSON.parse(stdout), JSON.parse(shipped));
});

Deno.test("weir on a port that is taken ends with 3 and says which", async () => {
  await using folder = await TempFolder.create();
  const [hostname = "", port] = freeAddress().split(":");
  using _taken = Deno.listen({ hostname, port: Number(port) });
  const text = configText(`${hostname}:${port}`, freeAddress());
  const config = await folder.write("weir.yaml", text);

  const { code, stderr, stdout } = await runWeir({ args: ["--config", config] });

  assertEquals(code, 3, stderr);
  assertMatch(stderr, new RegExp(`cannot open listener "main" on ${hostname}:${port}: .*in use`));
  assertNoTrace(stderr);
  assertEquals(stdout, "");
});

Deno.test("weir with an admin port that is taken ends with 3 and says which", async () => {
  await using folder = await TempFolder.create();
  const [hostname = "", port] = freeAddress().split(":");
  using _taken = Deno.listen({ hostname, port: Number(port) });
  const admin = `admin: { address: "${hostname}:${port}" }\n`;
  const text = admin + configText(freeAddress(), freeAddress());
  const config = await folder.write("weir.yaml", text);

  const { code, stderr } = await runWeir({ args: ["--config", config] });

  assertEquals(code, 3, stderr);
  assertMatch(
    stderr,
    new RegExp(`cannot open the admin listener on ${hostname}:${port}: .*in use`),
  );
  assertNoTrace(stderr);
});

Deno.test("weir on a socket path that is a directory ends with 3 and says so", async () => {
  await using folder = await TempFolder.create();
  const path = `${folder.path}/weir.sock`;
  await Deno.mkdir(path);
  const config = await folder.write("weir.yaml", configText(`unix:${path}`, freeAddress()));

  const { code, stderr, stdout } = await runWeir({ args: ["--config", config] });

  assertEquals(code, 3, stderr);
  assertStringIncludes(stderr, `cannot use unix:${path}: it must be a socket: it is a directory`);
  assertNoTrace(stderr);
  assertEquals(stdout, "");
});

Deno.test("weir --log-level warn logs warnings and nothing below", async () => {
  await using folder = await TempFolder.create();
  const config = await folder.write("weir.yaml", configText(freeAddress(), freeAddress()));
  await using weir = await startWeir({ args: ["--config", config, "--log-level", "warn"] });
  await weir.printed("stdout", / is ready/);

  await Deno.writeTextFile(config, "listeners: []");
  weir.signal("SIGHUP");
  await weir.printed("stderr", /error Reload refused/);
  weir.signal("SIGTERM");
  const { code, stderr } = await weir.finished();

  assertEquals(code, 0, stderr);
  assertEquals(/ (debug|info) /.test(stderr), false, stderr);
});

function configText(listen: string, backend: string): string {
  return [
    "listeners:",
    `  - { name: main, address: "${listen}", upstream: app }`,
    "upstreams:",
    `  app: { backends: [{ address: "${backend}" }] }`,
    "",
  ].join("\n");
}

/** A mistake of the operator is answered in words. */
function assertNoTrace(stderr: string): void {
  assertEquals(/^\s+at .*\.ts:\d+/m.test(stderr), false, stderr);
}
