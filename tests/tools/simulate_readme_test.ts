import { assertEquals, assertStringIncludes } from "@std/assert";
import { simulate, withSimulation } from "../../tools/simulate_readme.ts";

const SHOWN = [simulate(["--requests", "100", "--algorithm", "round_robin"])];

Deno.test("withSimulation() replaces what stands between the markers, again and again", () => {
  const readme = "a\n\n<!-- simulation -->\n\nold\n\n<!-- /simulation -->\n\nb\n";

  const once = withSimulation(readme, SHOWN);

  assertStringIncludes(once, "$ weir simulate --requests 100 --algorithm round_robin\n10 backends");
  assertEquals(once.includes("old"), false);
  assertEquals([once.startsWith("a\n\n<!--"), once.endsWith("-->\n\nb\n")], [true, true]);
  assertEquals(withSimulation(once, SHOWN), once);
});

Deno.test("withSimulation() leaves a text without markers as it is", () => {
  assertEquals(withSimulation("a\n", SHOWN), "a\n");
});

Deno.test("README.md has the markers, and the picture that it shows is there", async () => {
  const root = (path: string) => new URL(`../../${path}`, import.meta.url);
  const readme = await Deno.readTextFile(root("README.md"));

  assertStringIncludes(withSimulation(readme, SHOWN), "--requests 100");
  assertStringIncludes(readme, "(docs/simulation.svg)");
  assertStringIncludes(await Deno.readTextFile(root("docs/simulation.svg")), "<svg ");
});
