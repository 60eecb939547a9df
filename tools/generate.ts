/**
 * Writes what is derived from the configuration's schema: `config/schema.json`, and the table of
 * settings in the README, between `<!-- config-table -->` and `<!-- /config-table -->`.
 */
import { jsonSchema, type SettingRow, settingRows } from "../lib/config/json_schema.ts";

const START = "<!-- config-table -->";
const END = "<!-- /config-table -->";

/** The text of `config/schema.json`. */
export function schemaText(): string {
  return `${JSON.stringify(jsonSchema(), undefined, 2)}\n`;
}

/** The settings as a Markdown table. */
export function settingsTable(): string {
  const rows = settingRows().map((row) => {
    return `| \`${row.path}\` | ${escapeCell(row.type)} | ${defaultCell(row)} | ${row.meaning} |`;
  });
  return ["| Key | Type | Default | Meaning |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

/** `readme` with a fresh table between its markers; as it was when it has none. */
export function withTable(readme: string): string {
  const start = readme.indexOf(START);
  const end = readme.indexOf(END, start);
  if (start < 0 || end < 0) return readme;
  // The formatter would pad the columns, and the next generation would undo it.
  const table =
    `<!-- deno-fmt-ignore-start -->\n\n${settingsTable()}\n\n<!-- deno-fmt-ignore-end -->`;
  return `${readme.slice(0, start + START.length)}\n\n${table}\n\n${readme.slice(end)}`;
}

function defaultCell(row: SettingRow): string {
  if (row.isRequired) return "required";
  if (row.default === undefined) return "";
  return `\`${row.default.replace(/^"(.+)"$/, "$1")}\``;
}

function escapeCell(text: string): string {
  return text.replaceAll("|", "\\|");
}

async function updateReadme(url: URL): Promise<void> {
  try {
    await Deno.writeTextFile(url, withTable(await Deno.readTextFile(url)));
  } catch (error) {
    // A tree without a README has no table to bring up to date.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

if (import.meta.main) {
  await Deno.writeTextFile(new URL("../config/schema.json", import.meta.url), schemaText());
  await updateReadme(new URL("../README.md", import.meta.url));
}
