/**
 * Builds the dashboard out of `dashboard/` into `lib/admin/dashboard/assets.ts`, as texts that are
 * part of the program: `deno task dashboard`.
 */
import { print, printError } from "./print.ts";

const ROOT = new URL("../", import.meta.url);
const SOURCES = new URL("dashboard/", ROOT);
const ASSETS = new URL("lib/admin/dashboard/assets.ts", ROOT);

/** What a browser gets, by the name of the constant. */
export type Assets = Readonly<Record<"PAGE" | "STYLE" | "SCRIPT" | "ICON", string>>;

/** Digest of everything that the dashboard is built from. */
export async function digestOfSources(): Promise<string> {
  const names = [...Deno.readDirSync(SOURCES)].map(({ name }) => name).sort();
  const texts = names.map((name) => `${name}\n${Deno.readTextFileSync(new URL(name, SOURCES))}`);
  return await digestOf(texts.join("\n"));
}

/** Digest of what a browser gets. */
export async function digestOfAssets({ PAGE, STYLE, SCRIPT, ICON }: Assets): Promise<string> {
  return await digestOf([PAGE, STYLE, SCRIPT, ICON].join("\n"));
}

async function build(): Promise<Assets> {
  const folder = await Deno.makeTempDir({ prefix: "weir-dashboard-" });
  try {
    const license = comment(read("uplot_license.txt"));
    // The bundle has uPlot's style sheet as well, out of the same package.
    await bundle(`${folder}/main.js`);
    return {
      PAGE: read("page.html"),
      STYLE: `${license}${Deno.readTextFileSync(`${folder}/main.css`).trim()}\n${
        read("style.css")
      }`,
      SCRIPT: `${license}${Deno.readTextFileSync(`${folder}/main.js`)}`,
      ICON: read("icon.svg"),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function bundle(output: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--config=dashboard/check.json",
      "--platform=browser",
      "--minify",
      `--output=${output}`,
      "dashboard/main.ts",
    ],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  if (!success) throw new Error(`Cannot bundle: ${new TextDecoder().decode(stderr)}`);
}

async function moduleText(assets: Assets): Promise<string> {
  const constants = Object.entries(assets)
    .map(([name, text]) => `export const ${name} =\n  ${JSON.stringify(text)};\n`);
  return [
    "// Written by `deno task dashboard` from the folder `dashboard`: change that.",
    "// deno-fmt-ignore-file",
    "",
    "/** Digest of the files that this one was built from. */",
    `export const SOURCES_DIGEST = "${await digestOfSources()}";`,
    "/** Digest of the texts below. */",
    `export const ASSETS_DIGEST = "${await digestOfAssets(assets)}";`,
    "",
    constants.join(""),
  ].join("\n");
}

function read(name: string): string {
  return Deno.readTextFileSync(new URL(name, SOURCES));
}

function comment(text: string): string {
  return `/*! uPlot, which is part of this file:\n\n${text.trim()}\n*/\n`;
}

async function digestOf(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(bytes).toHex();
}

async function main(): Promise<number> {
  try {
    const text = await moduleText(await build());
    await Deno.writeTextFile(ASSETS, text);
    print(`Wrote lib/admin/dashboard/assets.ts, ${Math.round(text.length / 1024)} KiB`);
    return 0;
  } catch (error) {
    printError(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

if (import.meta.main) Deno.exit(await main());
