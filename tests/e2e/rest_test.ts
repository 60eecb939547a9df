import { assertGreater, assertLess } from "@std/assert";
import { APP_ENTRY, bundle } from "../../tools/bundle.ts";
import { PERMISSIONS } from "../../tools/compile.ts";
import { measure } from "../../tools/measure_rest.ts";
import { V8_FLAGS } from "../../tools/v8_flags.ts";
import { TempFolder } from "../support/paths.ts";

/** The aim is 90, by `deno task measure:rest`; this is to notice a change that costs a lot. */
const LIMIT_MIB = 100;

Deno.test({
  name: `what is compiled takes less than ${LIMIT_MIB} MiB at rest with two threads`,
  ignore: Deno.build.os !== "linux",
  async fn(t) {
    await using folder = await TempFolder.create();
    await bundle(`${folder.path}/app`);
    const app = ["--no-code-cache", `--config=${folder.path}/app/deno.json`];
    const argv = [Deno.execPath(), "run", V8_FLAGS, ...PERMISSIONS, ...app];

    const rest = await measure({
      name: "bundle",
      argv: [...argv, `${folder.path}/app/${APP_ENTRY}`],
    });

    const mib = rest.residentBytes / 2 ** 20;
    await t.step(`took ${Math.round(mib)} MiB`, () => assertLess(mib, LIMIT_MIB));
    assertGreater(rest.proportionalBytes, 0);
    assertLess(rest.proportionalBytes, rest.residentBytes + 1);
  },
});
