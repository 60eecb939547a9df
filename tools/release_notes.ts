/** Prints what CHANGELOG.md says about a version: `deno task release:notes v1.2.3` */
import { VERSION } from "../lib/core/version.ts";
import { print, printError } from "./print.ts";

/** A release cannot be made as things are; the message says what is missing. */
export class ReleaseError extends Error {
  override readonly name = "ReleaseError";
}

/**
 * The section of a version, without its heading.
 *
 * @param tag `v` and the version
 * @throws {ReleaseError}
 */
export function releaseNotes(changelog: string, tag: string): string {
  const version = /^v(\d+\.\d+\.\d+(?:-[\w.]+)?)$/.exec(tag)?.[1];
  if (version === undefined) {
    throw new ReleaseError(`Cannot release "${tag}": tag must look like v1.2.3`);
  }
  if (version !== VERSION) {
    throw new ReleaseError(`Cannot release "${tag}": version must be ${version}: is ${VERSION}`);
  }
  const lines = changelog.split("\n");
  const start = lines.findIndex((line) => line.startsWith(`## [${version}]`));
  const length = lines.slice(start + 1).findIndex((line) => line.startsWith("## "));
  const section = start < 0
    ? []
    : lines.slice(start + 1, length < 0 ? undefined : start + 1 + length);
  // Links that headings refer to stand at the end of the file.
  const notes = section.filter((line) => !/^\[[^\]]*\]: /.test(line)).join("\n").trim();
  if (notes === "") {
    throw new ReleaseError(
      `Cannot release "${tag}": CHANGELOG.md must have a section [${version}]`,
    );
  }
  return notes;
}

if (import.meta.main) {
  try {
    const changelog = await Deno.readTextFile(new URL("../CHANGELOG.md", import.meta.url));
    print(releaseNotes(changelog, Deno.args[0] ?? ""));
  } catch (error) {
    if (!(error instanceof ReleaseError)) throw error;
    printError(error.message);
    Deno.exit(1);
  }
}
