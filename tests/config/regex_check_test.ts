import { assertEquals, assertStringIncludes } from "@std/assert";
import { explainRegex } from "../../lib/config/regex_check.ts";

const FINE = [
  "^/users/[^/]+/posts/[^/]+/comments/\\d+$",
  "^/(\\d+)/(\\w+)/(.*)$",
  "\\.(png|jpg|svg)$",
  "^/(v\\d+|latest)/x",
  "^/a.*b.*c$",
  "^.*\\.php$",
  "^/(?!admin)",
  "^.*/[^/]+/edit$",
  "/users/[^/]+/posts/[^/]+",
  "(?<=a)b",
  "(?:ab)+x",
  "(?<id>\\d+)$",
  "^a|b",
  "x{2,5}",
  "(ab?){1}",
  "[\\]a]+b",
  "[(+*]x",
  "\\u{41}+B",
  "\\p{L}+/",
  "\\(\\)+",
  "^/colou?r",
  "^/[a-z]{2}(-[A-Z]{2})?/",
  "",
];

for (const source of FINE) {
  Deno.test(`explainRegex() accepts ${source}`, () => {
    assertEquals(explainRegex(source), undefined);
  });
}

const NESTED = "must not repeat a group that holds another repetition or alternatives";
const COSTLY = "must have fewer repetitions that can share characters, or start with ^";

const REFUSED: readonly [source: string, reason: string][] = [
  ["(a+)+", NESTED],
  ["(a*)*$", NESTED],
  ["^(a|a)*$", NESTED],
  ["(?:a|b)+", NESTED],
  ["(/[a-z]+)*", NESTED],
  ["(?<n>a+){2,}", NESTED],
  ["((a+)b)+", NESTED],
  ["(a?){30}", NESTED],
  ["x((?:(a+)))*", NESTED],
  ["(?=(a+)+)", NESTED],
  ["a|(b+)+", NESTED],
  ["/a.*b.*c", COSTLY],
  ["^/.*a.*b.*c", COSTLY],
  ["^.*.*.*$", COSTLY],
  ["a?".repeat(20) + "a".repeat(20), COSTLY],
  ["(a|a)".repeat(20), COSTLY],
  ["^x|.*a.*b", COSTLY],
  ["^a*a*a*$", COSTLY],
  [".*/[^/]+/x", COSTLY],
  ["(a)\\1", "must have no backreference"],
  ["(?<n>a)\\k<n>", "must have no backreference"],
  ["[", "must be a regular expression (Unterminated character class)"],
  ["(", "must be a regular expression (Unterminated group)"],
  ["a{2,1}", "must be a regular expression (numbers out of order in {} quantifier)"],
  ["*", "must be a regular expression (Nothing to repeat)"],
  ["a".repeat(257), "must be at most 256 characters"],
];

for (const [source, reason] of REFUSED) {
  Deno.test(`explainRegex() refuses ${source.slice(0, 40)}`, () => {
    assertStringIncludes(explainRegex(source) ?? "", reason);
  });
}

Deno.test("explainRegex() accepts nothing that is slow on the longest path", () => {
  const path = `/${"a".repeat(2047)}!`;
  for (const source of [...FINE, "^/a*a*!$", "a*b", "[a-z]+$", ".*x", "^.*a.*x"]) {
    assertEquals(explainRegex(source), undefined, source);
    const startMs = performance.now();
    new RegExp(source, "u").test(path);

    assertEquals(performance.now() - startMs < 1000, true, source);
  }
});
