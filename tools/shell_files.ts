/** Writes what is made from the help: the manual page and the completions. `deno task shell` */
import { COMMANDS } from "../lib/cli/main.ts";
import { VERSION } from "../lib/core/version.ts";
import { bashCompletion, fishCompletion, zshCompletion } from "./completions.ts";
import { manPage } from "./man_page.ts";

/** Their texts, by their paths from the project's root. */
export function shellFiles(): Readonly<Record<string, string>> {
  return {
    "deploy/completions/weir.bash": bashCompletion(COMMANDS),
    "deploy/completions/_weir": zshCompletion(COMMANDS),
    "deploy/completions/weir.fish": fishCompletion(COMMANDS),
    "deploy/man/weir.1": manPage(COMMANDS, VERSION),
  };
}

if (import.meta.main) {
  for (const [path, text] of Object.entries(shellFiles())) {
    await Deno.writeTextFile(new URL(`../${path}`, import.meta.url), text);
  }
}
