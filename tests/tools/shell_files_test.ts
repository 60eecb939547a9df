import { assertEquals, assertStringIncludes } from "@std/assert";
import { COMMANDS } from "../../lib/cli/main.ts";
import { TempFolder } from "../support/paths.ts";
import { peerTest } from "../support/peers.ts";
import { runToEnd } from "../support/process.ts";
import { ROOT } from "../support/weir.ts";
import { shellFiles } from "../../tools/shell_files.ts";

for (const [path, text] of Object.entries(shellFiles())) {
  Deno.test(`${path} is what deno task shell makes of the help`, async () => {
    assertEquals(await Deno.readTextFile(`${ROOT}${path}`), text);
  });
}

Deno.test("the manual page and the completions name every command and flag", () => {
  for (const [path, text] of Object.entries(shellFiles())) {
    const plain = text.replaceAll("\\-", "-");
    for (const { name, flags } of COMMANDS) {
      assertStringIncludes(plain, name, path);
      // Fish writes a long flag without its dashes.
      for (const flag of flags) assertStringIncludes(plain, flag.name, path);
    }
  }
});

/** A command line whose last word is to be completed, and what may stand there. */
const COMPLETIONS: readonly (readonly [readonly string[], readonly string[]])[] = [
  [["weir", "ch"], ["check"]],
  [["weir", "check", "--form"], ["--format"]],
  [["weir", "check", "--format", "j"], ["json"]],
  [["weir", "--log-level", "w"], ["warning", "warn"]],
  [["weir", "check", "--config", "deno.j"], ["deno.json"]],
  [["weir", "run", "--workers", ""], []],
];

for (const [words, wanted] of COMPLETIONS) {
  peerTest(`bash completes "${words.join(" ")}"`, ["bash"], async ({ bash }) => {
    const script = '. deploy/completions/weir.bash; COMP_WORDS=("$@"); ' +
      'COMP_CWORD=$(($# - 1)); _weir; printf "%s\\n" "${COMPREPLY[@]}"';
    const argv = [bash, "-c", script, "bash", ...words];

    const { stdout } = await runToEnd({ name: "bash", argv, cwd: ROOT });

    assertEquals(stdout.split("\n").filter((line) => line !== ""), [...wanted]);
  });

  peerTest(`fish completes "${words.join(" ")}"`, ["fish"], async ({ fish }) => {
    await using home = await TempFolder.create();
    const script = `source deploy/completions/weir.fish; complete -C "${words.join(" ")}"`;
    const env = { HOME: home.path };

    const { stdout } = await runToEnd({ name: "fish", argv: [fish, "-c", script], cwd: ROOT, env });

    const found = stdout.split("\n").filter((line) => line !== "").map((line) => line.split("\t"));
    assertEquals(found.map(([word]) => word).sort(), [...wanted].sort());
  });
}

peerTest("zsh takes the completion for sound", ["zsh"], async ({ zsh }) => {
  const argv = [zsh, "-n", "deploy/completions/_weir"];

  const { code, stderr } = await runToEnd({ name: "zsh", argv, cwd: ROOT });

  assertEquals([code, stderr], [0, ""]);
});

peerTest("the manual page can be shown", ["mandoc"], async ({ mandoc }) => {
  const lint = await runToEnd({
    name: "mandoc",
    argv: [mandoc, "-T", "lint", "-W", "error", "deploy/man/weir.1"],
    cwd: ROOT,
  });
  const page = await runToEnd({
    name: "mandoc",
    argv: [mandoc, "-T", "ascii", "deploy/man/weir.1"],
    cwd: ROOT,
  });

  assertEquals([lint.code, lint.stdout], [0, ""]);
  // Bold in a terminal: each letter, a step back, and the letter again.
  const pieces = page.stdout.split("\b");
  const text = pieces.map((piece, at) => at < pieces.length - 1 ? piece.slice(0, -1) : piece)
    .join("");
  assertStringIncludes(text, "--config FILE");
  assertStringIncludes(text, "EXIT STATUS");
});
