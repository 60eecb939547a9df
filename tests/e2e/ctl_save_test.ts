import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { stringify } from "@std/yaml";
import { startHttp } from "../support/http_scenario.ts";
import { NamedBackends } from "../support/named_backends.ts";
import { runWeir } from "../support/weir.ts";

Deno.test("weir ctl save writes what was changed into the file, which says the same then", async () => {
  await using farm = new NamedBackends(["b0", "b1", "b2"]);
  const [b0, b1, b2] = farm.addresses;
  await using scenario = await startHttp({
    backends: [{ name: "b0", address: b0 }, { name: "b1", address: b1 }],
  });
  const ctl = (...words: string[]) => {
    return runWeir({ args: ["ctl", "--admin", scenario.admin, ...words] });
  };
  const text = `# Kept.\n${await Deno.readTextFile(scenario.configPath)}`;
  await Deno.writeTextFile(scenario.configPath, text);
  await ctl("reload");
  await ctl("add", "app", b2!, "--name", "b2");
  await ctl("weight", "b2", "4");
  await ctl("weight", "b1", "5");
  await ctl("drain", "b1");
  await ctl("remove", "app", "b0");
  const state = async () => {
    return (await scenario.backendStatus()).map(({ id, weight, state, override }) => {
      return [id, weight, state, override?.weight];
    });
  };
  const before = await state();

  const copy = await ctl("save", "--to", `${scenario.configPath}.copy`);
  const untouched = await Deno.readTextFile(scenario.configPath);
  const saved = await ctl("save");
  const reload = await ctl("reload");

  assertEquals(before, [["b1", 5, "drain", 5], ["b2", 4, "ready", 4]]);
  assertEquals([copy.code, saved.code, untouched], [0, 0, text], copy.stderr + saved.stderr);
  const written = await Deno.readTextFile(scenario.configPath);
  assertEquals(written, await Deno.readTextFile(`${scenario.configPath}.copy`));
  assertStringIncludes(written, "# Kept.\n");
  assertMatch(
    saved.stdout,
    /^saved 3 changes to \S+weir\.yaml\nnot saved: app\/b1 is in state drain/,
  );
  assertEquals(reload.code, 0);
  // What the file says now is no change any more; what it cannot say stays.
  assertEquals(await state(), [["b1", 5, "drain", undefined], ["b2", 4, "ready", undefined]]);
  assertEquals((await scenario.status()).overlay, { added: [], removed: [] });
  assertMatch((await ctl("save")).stdout, /^nothing to save in /);
});

Deno.test("weir ctl save leaves a file alone that was changed, or that does not have the upstream", async () => {
  await using farm = new NamedBackends(["b0", "b1"]);
  const [b0, b1] = farm.addresses;
  await using scenario = await startHttp({ backends: [{ name: "b0", address: b0 }] });
  const ctl = (...words: string[]) => {
    return runWeir({ args: ["ctl", "--admin", scenario.admin, ...words] });
  };
  const { upstreams, ...rest } = await scenario.config();
  const part = scenario.configPath.replace("weir.yaml", "part.yaml");
  await Deno.writeTextFile(part, stringify({ upstreams }));
  await Deno.writeTextFile(
    scenario.configPath,
    stringify({ ...rest, include: ["part.yaml"], zone: "z" }),
  );

  const edited = await ctl("save");
  await ctl("reload");
  await ctl("add", "app", b1!);
  const included = await ctl("save");

  assertEquals([edited.code, included.code], [1, 1]);
  assertMatch(edited.stderr, /nothing is saved: "\S+weir\.yaml" has changed since it was read/);
  assertMatch(
    included.stderr,
    /nothing is saved: upstream "app" is not in "\S+weir\.yaml" but in a file that it incl/,
  );
});
