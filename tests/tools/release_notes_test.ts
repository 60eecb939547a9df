import { assertEquals, assertThrows } from "@std/assert";
import { VERSION } from "../../lib/core/version.ts";
import { ReleaseError, releaseNotes } from "../../tools/release_notes.ts";

const CHANGELOG = `# Changelog

## [Unreleased]

- Later.

## [${VERSION}] - 2026-11-21

### Added

- A balancer.

## [0.0.1]

- Nothing.

[${VERSION}]: https://example.com/
`;

Deno.test("releaseNotes() is the section of the version", () => {
  assertEquals(releaseNotes(CHANGELOG, `v${VERSION}`), "### Added\n\n- A balancer.");
});

Deno.test("releaseNotes() of the last section ends before the links", () => {
  const text = CHANGELOG.replace(/\n## \[0\.0\.1\]\n\n- Nothing\.\n/, "");

  assertEquals(releaseNotes(text, `v${VERSION}`), "### Added\n\n- A balancer.");
});

for (
  const [what, text, tag, reason] of [
    ["a tag that is no version", CHANGELOG, "latest", "tag must look like v1.2.3"],
    ["another version than the program's", CHANGELOG, "v99.0.0", "version must be 99.0.0: is"],
    ["no section", "## [Unreleased]\n\n- Later.\n", `v${VERSION}`, "must have a section"],
    [
      "an empty section",
      `## [${VERSION}]\n\n## [0.0.1]\n- a\n`,
      `v${VERSION}`,
      "must have a section",
    ],
  ] as const
) {
  Deno.test(`releaseNotes() refuses ${what}`, () => {
    assertThrows(() => releaseNotes(text, tag), ReleaseError, reason);
  });
}
