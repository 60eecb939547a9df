import { assertEquals } from "@std/assert";
import * as assets from "../../lib/admin/dashboard/assets.ts";
import { digestOfAssets, digestOfSources } from "../../tools/dashboard.ts";

const HINT = "run `deno task dashboard`";

Deno.test("the dashboard in the program is built from the sources as they are", async () => {
  assertEquals(assets.SOURCES_DIGEST, await digestOfSources(), HINT);
});

Deno.test("the dashboard in the program is as it was built", async () => {
  assertEquals(assets.ASSETS_DIGEST, await digestOfAssets(assets), HINT);
});
