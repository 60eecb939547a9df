import { assertEquals, assertStringIncludes } from "@std/assert";
import { stringify } from "@std/yaml";
import { allReferences, APP_ENTRY, bundle } from "../../tools/bundle.ts";
import { compileArgs, explainFailure, PERMISSIONS } from "../../tools/compile.ts";
import { V8_FLAGS } from "../../tools/v8_flags.ts";
import { connectTo, exchange } from "../support/clients.ts";
import { readCompiled } from "../support/compiled.ts";
import { freeAddress } from "../support/free_port.ts";
import { TempFolder } from "../support/paths.ts";
import { ChildProcess, type Finished, runToEnd } from "../support/process.ts";
import { echo } from "../support/servers.ts";
import { ROOT } from "../support/weir.ts";

/** A program that `deno compile` takes for the base runtime; what it embeds is the same. */
const STAND_IN = "/bin/true";
const { target: HOST } = Deno.build;
const ignore = Deno.build.os !== "linux";

Deno.test({
  name: "a compiled binary embeds all the program needs, with its permissions and no more",
  ignore,
  async fn() {
    await using folder = await bundled();
    const output = `${folder.path}/weir`;

    const { code, stderr } = await runCompile(folder, output, { DENORT_BIN: STAND_IN });
    assertEquals(code, 0, stderr);
    const { metadata, files } = readCompiled(await Deno.readFile(output));

    assertEquals(metadata.permissions, {
      allow_env: [],
      allow_net: [],
      allow_read: [],
      allow_write: [],
      allow_run: ["/usr/sbin/sysctl"],
      allow_sys: null,
      allow_ffi: null,
      allow_import: metadata.permissions["allow_import"],
      deny_import: [],
      deny_env: null,
      deny_net: null,
      deny_read: null,
      deny_write: null,
      deny_run: null,
      deny_sys: null,
      deny_ffi: null,
      ignore_env: null,
      ignore_read: null,
      prompt: false,
    });
    const flags = V8_FLAGS.replace("--v8-flags=", "").split(",");
    assertEquals(metadata.v8_flags.slice(-flags.length), flags);
    assertEquals(metadata.unstable_config.features, ["net", "worker-options"]);
    assertEquals(metadata.env_vars_from_env_file, {});
    assertEquals(metadata.argv, []);
    assertEquals(metadata.entrypoint_key, APP_ENTRY);
    const asked = (await allReferences()).map(({ path }) => path);
    for (const path of [APP_ENTRY, "lib/runtime/worker.js", ...asked]) {
      assertEquals(files.some((file) => file === path || file.startsWith(`${path}/`)), true, path);
    }
    // Whole packages, and what only tests and tools use.
    assertEquals(files.filter((file) => !/^(?:[\w-]+\.js|lib\/.*|worker\.ts)$/.test(file)), []);
    assertEquals(await extraFiles(folder, files), []);
  },
});

Deno.test("what is compiled balances, tells its schema and explains mistakes, with those permissions", async () => {
  await using folder = await bundled();
  await using server = echo();
  const address = freeAddress();
  const config = {
    workers: 2,
    listeners: [{ address, upstream: "app" }],
    upstreams: { app: { backends: [{ address: server.address }] } },
  };
  const path = await folder.write("weir.yaml", stringify(config));
  const wrong = await folder.write("wrong.yaml", "listeners: []\nlisteners: []\n");

  const schema = await runBundled(folder, ["schema"]);
  const check = await runBundled(folder, ["check", "--config", wrong]);
  await using weir = new ChildProcess(launch(folder, ["--config", path]));
  await weir.printed("stdout", / is ready, 2 data plane threads/);
  using conn = await connectTo(address);

  assertEquals(schema.stdout, await Deno.readTextFile(`${ROOT}config/schema.json`));
  assertStringIncludes(check.stderr, `${wrong}:2:1: `);
  await exchange(conn, "x");
  conn.close();
  weir.signal("SIGTERM");
  assertEquals((await weir.finished()).code, 0);
});

Deno.test({
  name: "without a network deno task compile says how to provide the base runtime",
  ignore,
  async fn() {
    await using folder = await bundled();
    await using empty = await TempFolder.create();
    const nowhere = { HTTPS_PROXY: `http://${freeAddress()}`, DENO_DIR: empty.path };

    const { code, stderr } = await runCompile(folder, `${folder.path}/weir`, nowhere);

    assertEquals(code, 1);
    assertEquals(
      explainFailure(HOST, stderr).replace(/https:\S+\//, "https://…/"),
      `Cannot compile for ${HOST}: the base runtime denort could not be downloaded from
  https://…/denort-${HOST}.zip
Fetch and unpack that file where there is a network, then name the denort inside it:
  DENORT_BIN=/path/to/denort deno task compile --target ${HOST}`,
    );
  },
});

/** A bundle in a folder `app` of its own. */
async function bundled(): Promise<TempFolder> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await TempFolder.create());
  await bundle(`${folder.path}/app`);
  stack.move();
  return folder;
}

async function runCompile(
  folder: TempFolder,
  output: string,
  env: Readonly<Record<string, string>>,
): Promise<Finished> {
  return await runToEnd({
    name: "deno compile",
    argv: [Deno.execPath(), ...compileArgs({ target: HOST, output }, ROOT)],
    cwd: `${folder.path}/app`,
    env,
  });
}

function launch(folder: TempFolder, args: readonly string[]) {
  const argv = [Deno.execPath(), "run", V8_FLAGS, ...PERMISSIONS, APP_ENTRY, ...args];
  return { name: "weir", argv, cwd: `${folder.path}/app` };
}

async function runBundled(folder: TempFolder, args: readonly string[]): Promise<Finished> {
  return await runToEnd(launch(folder, args));
}

/** What is embedded and was not in the folder of the bundle. */
async function extraFiles(folder: TempFolder, files: readonly string[]): Promise<string[]> {
  const extra: string[] = [];
  for (const file of files) {
    await Deno.stat(`${folder.path}/app/${file}`).catch(() => extra.push(file));
  }
  return extra;
}
