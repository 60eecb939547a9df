import { assertEquals } from "@std/assert";
import { reasonPlace, REASONS } from "../../lib/metrics/reasons.ts";

Deno.test("reasonPlace() knows its words, and counts a new one as other", () => {
  for (const [place, reason] of REASONS.entries()) assertEquals(reasonPlace(reason), place);
  assertEquals(REASONS[reasonPlace("never_heard") ?? 0], "other");
});

Deno.test("reasonPlace() leaves out what is no refusal and what the status counts", () => {
  const words = ["redirect", "route", "queue_full", "queue_timeout", "rate_limited"];

  assertEquals(words.map(reasonPlace), words.map(() => undefined));
});

Deno.test("REASONS has every word that the source gives a refusal", () => {
  const literals = [...literalsIn("lib/proxy"), ...literalsIn("lib/http")];
  const missing = literals.filter((word) => {
    const place = reasonPlace(word);
    return place !== undefined && REASONS[place] !== word;
  });

  // Nobody is left out in silence because the pattern found none.
  for (const word of ["no_route", "bad_host", "pool_exhausted"]) {
    assertEquals(literals.includes(word), true, word);
  }
  assertEquals(missing, []);
});

/** Words in `reason: "…"` and `new HttpParseError(…, "…"`. */
function literalsIn(folder: string): string[] {
  const root = new URL(`../../${folder}/`, import.meta.url);
  const pattern = /(?:\breason: |HttpParseError\(\d+, )"([a-z_]+)"/g;
  return [...Deno.readDirSync(root)].flatMap(({ name }) => {
    const text = Deno.readTextFileSync(new URL(name, root));
    return [...text.matchAll(pattern)].map((match) => match[1]!);
  });
}
