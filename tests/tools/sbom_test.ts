import { assertEquals } from "@std/assert";
import { ROOT } from "../support/weir.ts";
import {
  embeddedPackages,
  LICENSES_PATH,
  licensesText,
  SBOM_PATH,
  sbomText,
} from "../../tools/sbom.ts";

/** Packages that are in deno.lock for tests alone. */
const ONLY_FOR_TESTS = ["fast-check", "pure-rand", "ws", "@types/ws", "@types/node"];

Deno.test("the bill of materials and the licences are those of what is embedded", async () => {
  const packages = await embeddedPackages();
  const runtime = { version: Deno.version.deno };

  assertEquals(await Deno.readTextFile(`${ROOT}${SBOM_PATH}`), sbomText(packages, runtime));
  assertEquals(await Deno.readTextFile(`${ROOT}${LICENSES_PATH}`), licensesText(packages, runtime));
  const names = packages.map(({ name }) => name);
  assertEquals(names.filter((name) => ONLY_FOR_TESTS.includes(name)), []);
  assertEquals(names.includes("zod"), true);
});

Deno.test("sbomText() names a package with its checksum, and the runtime", () => {
  const zod = { name: "@a/zod", version: "4.0.0", license: "MIT", sha512: "ab", text: "" };

  const { components, dependencies } = JSON.parse(sbomText([zod], { version: "2.9.6" }));

  assertEquals(components.map(({ purl }: { purl: string }) => purl), [
    "pkg:github/denoland/deno@v2.9.6",
    "pkg:npm/%40a/zod@4.0.0",
  ]);
  assertEquals(components[1].hashes, [{ alg: "SHA-512", content: "ab" }]);
  assertEquals(dependencies, [{ ref: "weir", dependsOn: ["deno@2.9.6", "@a/zod@4.0.0"] }]);
});
