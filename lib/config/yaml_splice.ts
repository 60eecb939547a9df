import type * as Yaml from "yaml";

/** A piece of a text that another takes the place of. */
export interface Splice {
  readonly at: number;
  readonly end: number;
  readonly insert: string;
}

/** A list of mappings in a text. */
export interface ListPlace {
  readonly yaml: typeof Yaml;
  readonly text: string;
  readonly list: Yaml.YAMLSeq;
}

/** One key with its value. */
export type Field = readonly [key: string, value: string | number | boolean];

/** Puts a mapping at the end of a list that is not empty, as the last one is written. */
export function addItem(place: ListPlace, fields: readonly Field[]): Splice {
  const { yaml, text, list } = place;
  const last = list.items.at(-1);
  const texts = fields.map(fieldText);
  const inline = `{ ${texts.join(", ")} }`;
  const end = endOf(place, last);
  if (list.flow === true) return { at: end, end, insert: `, ${inline}` };
  const dash = dashOf(place, list.items.length - 1);
  const indent = " ".repeat(columnOf(text, dash));
  const isInline = yaml.isMap(last) && last.flow === true;
  const insert = isInline ? `- ${inline}` : `- ${texts.join(`\n${indent}  `)}`;
  const at = lineEnd(text, end);
  return { at, end: at, insert: `\n${indent}${insert}` };
}

/** Takes a mapping out of a list of several. What is said of it in lines above stays. */
export function removeItem(place: ListPlace, index: number): Splice {
  const { text, list } = place;
  const [before, item, after] = [index - 1, index, index + 1].map((at) => list.items[at]);
  if (list.flow !== true) {
    const at = lineStart(text, dashOf(place, index));
    return { at, end: lineEnd(text, endOf(place, item)) + 1, insert: "" };
  }
  return after === undefined
    ? { at: endOf(place, before), end: endOf(place, item), insert: "" }
    : { at: startOf(place, item), end: startOf(place, after), insert: "" };
}

/** Gives a key of a mapping of one key or more a value. */
export function setField(place: ListPlace, map: Yaml.YAMLMap, field: Field): Splice {
  const { yaml, text } = place;
  const known = map.items.find(({ key }) => yaml.isScalar(key) && key.value === field[0]);
  if (known !== undefined) {
    const at = startOf(place, known.value);
    // A key without a value ends with its colon.
    const space = text[at - 1] === ":" ? " " : "";
    return { at, end: endOf(place, known.value), insert: `${space}${JSON.stringify(field[1])}` };
  }
  const end = endOf(place, map.items.at(-1)?.value);
  if (map.flow === true) return { at: end, end, insert: `, ${fieldText(field)}` };
  const at = lineEnd(text, end);
  const indent = " ".repeat(columnOf(text, startOf(place, map)));
  return { at, end: at, insert: `\n${indent}${fieldText(field)}` };
}

/** Quoted, so that no text is anything else. */
function fieldText([key, value]: Field): string {
  return `${key}: ${JSON.stringify(value)}`;
}

function startOf({ yaml }: ListPlace, node: unknown): number {
  return yaml.isNode(node) ? node.range?.[0] ?? 0 : 0;
}

/** Where the last word of a node ends: a block ends with what it holds. */
function endOf(place: ListPlace, node: unknown): number {
  const { yaml } = place;
  if (!yaml.isNode(node)) return 0;
  if (yaml.isCollection(node) && node.flow !== true) {
    const last: unknown = node.items.at(-1);
    if (last !== undefined) return endOf(place, yaml.isPair(last) ? last.value ?? last.key : last);
  }
  return node.range?.[1] ?? 0;
}

/** The `-` before an item of a block; comments may stand before and after it. */
function dashOf(place: ListPlace, index: number): number {
  const { text, list } = place;
  if (index === 0) return startOf(place, list);
  const from = lineEnd(text, endOf(place, list.items[index - 1]));
  return text.indexOf("-", from + text.slice(from).search(/^ *-/m));
}

function columnOf(text: string, at: number): number {
  return at - lineStart(text, at);
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf("\n", at - 1) + 1;
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end === -1 ? text.length : end;
}
