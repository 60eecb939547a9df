import { parse, YamlSyntaxError } from "@std/yaml";
import { messageOf } from "../core/errors.ts";
import type { Finding, Source } from "./problem.ts";

/** Most values in one document, aliases counted as often as they are used. */
const MAX_VALUES = 500_000;
/** Deepest nesting. The configuration itself needs six levels. */
const MAX_DEPTH = 64;

/** What a text holds, and what is wrong with it as YAML. */
export interface Parsed {
  /** Absent: the text cannot be used at all. */
  readonly value?: unknown;
  readonly findings: readonly Finding[];
}

/** Reads one YAML document. Never throws, and takes time linear in the size of the text. */
export async function parseYaml(source: Source): Promise<Parsed> {
  const unusable = await checkText(source);
  if (unusable !== undefined) return { findings: [unusable] };
  let findings: readonly Finding[] = [];
  let value: unknown;
  try {
    value = parse(source.text);
  } catch (error) {
    const lenient = parseLenient(source.text);
    if (lenient === undefined) return { findings: [await describeSyntax(source, error)] };
    value = lenient.value;
    findings = await describeDuplicates(source, error);
  }
  const tooLarge = checkSize(value);
  if (tooLarge !== undefined) return { findings: [wholeText(source, tooLarge)] };
  return { value, findings };
}

async function checkText(source: Source): Promise<Finding | undefined> {
  const { text } = source;
  if (/^\s*$/.test(text)) return wholeText(source, `file is empty${HOW_TO_START}`);
  if (!/^[ \t\ufeff]*[^#\s\ufeff]/m.test(text)) {
    return wholeText(source, `file holds nothing but comments${HOW_TO_START}`);
  }
  if (!/^ *\t[ \t]*[^\s#]/m.test(text)) return undefined;
  // The parser of record takes a tab for a space and then misreads what is nested.
  const { findIndentTab } = await import("./locate.ts");
  const position = await findIndentTab(text);
  if (position === undefined) return undefined;
  const message = "lines must be indented with spaces: this one is indented with a tab";
  return { source, path: [], position, message };
}

const HOW_TO_START =
  ': it must have the sections "listeners" and "upstreams", see config/weir.yaml for an example';

/** Reads the text with duplicate keys allowed; `undefined` when that is not what was wrong. */
function parseLenient(text: string): { value: unknown } | undefined {
  try {
    return { value: parse(text, { allowDuplicateKeys: true }) };
  } catch {
    return undefined;
  }
}

async function describeDuplicates(source: Source, error: unknown): Promise<readonly Finding[]> {
  const { findDuplicateKeys } = await import("./locate.ts");
  const duplicates = await findDuplicateKeys(source);
  return duplicates.length > 0 ? duplicates : [await describeSyntax(source, error)];
}

async function describeSyntax(source: Source, error: unknown): Promise<Finding> {
  if (error instanceof RangeError) return wholeText(source, "document is nested too deeply");
  const { findSyntaxError } = await import("./locate.ts");
  const found = await findSyntaxError(source.text);
  // Drops the snippet and the position, which stand in front of the message here.
  const plain = messageOf(error).replace(/ at line \d+, column \d+:[\s\S]*$/, "");
  const message = `is not valid YAML: ${lowerFirst(found?.message ?? plain)}`;
  const own = error instanceof YamlSyntaxError
    ? { line: error.line, column: error.column }
    : { line: 1, column: 1 };
  const position = found?.position ?? own;
  const hint = hintFor(source.text.split(/\r?\n/)[position.line - 1] ?? "");
  return { source, path: [], position, message: message + hint };
}

/** What usually causes a syntax error in a line that looks like `line`. */
function hintFor(line: string): string {
  if (/[:\-,[{]\s*\[[\da-fA-F:.]*\]:/.test(line)) {
    return ': an address with brackets must be in quotes, like "[::1]:8080"';
  }
  if (line.includes("${")) return ": ${…} inside { } or [ ] must be in quotes";
  if (/[:\-,[{]\s*\*/.test(line)) return ": text that starts with * must be in quotes";
  if (/[:\-,[{]\s*[@`%]/.test(line)) return ": text that starts with @, ` or % must be in quotes";
  return "";
}

/** A finding that needs no second look at a text, which may be huge. */
function wholeText(source: Source, message: string): Finding {
  return { source, path: [], position: { line: 1, column: 1 }, message };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Sizes are added up over shared nodes, not walked: an alias bomb costs what its text costs. */
function checkSize(value: unknown): string | undefined {
  const sizes = new Map<object, number>();
  const open = new Set<object>();
  const measure = (node: unknown, depth: number): number => {
    if (typeof node !== "object" || node === null) return 1;
    if (open.has(node)) throw new SyntaxError("an alias stands inside its own anchor");
    if (depth > MAX_DEPTH) throw new SyntaxError("document is nested too deeply");
    const known = sizes.get(node);
    if (known !== undefined) return known;
    open.add(node);
    let size = 1;
    for (const child of Object.values(node)) size += measure(child, depth + 1);
    open.delete(node);
    sizes.set(node, size);
    return size;
  };
  try {
    if (measure(value, 0) <= MAX_VALUES) return undefined;
    return `document must have at most ${MAX_VALUES} values, aliases included`;
  } catch (error) {
    return messageOf(error);
  }
}
