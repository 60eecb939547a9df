import type * as Yaml from "yaml";
import type { Finding, Path, Position, Source } from "./problem.ts";

/** Reading with positions takes some 5 s per million characters in the worst case: no longer texts. */
const MAX_LOCATED_CHARACTERS = 2 * 1024 * 1024;

/** Finds where a value stands in a text. */
export interface Locator {
  /** The key or value at `path`, or the nearest one around it. */
  find(path: Path, at: "key" | "value"): Position | undefined;
}

/** Reads `text` once more, this time with positions. */
export async function createLocator(text: string): Promise<Locator> {
  const tree = await readTree(text);
  if (tree === undefined) return { find: () => undefined };
  return { find: (path, at) => tree.find(path, at) };
}

/** Every key that is written twice in one mapping, at its second place. */
export async function findDuplicateKeys(source: Source): Promise<Finding[]> {
  const tree = await readTree(source.text);
  return tree === undefined ? [] : tree.duplicates(source);
}

/** The first tab that indents a block, or `undefined` when the tabs of the text are harmless. */
export async function findIndentTab(text: string): Promise<Position | undefined> {
  const tree = await readTree(text);
  // Unread means undecided, and a tab taken for harmless would change what the text means.
  if (tree === undefined) return { line: lineOfTab(text), column: 1 };
  return tree.errors.find((error) => error.code === "TAB_AS_INDENT")?.position;
}

/** Where and why the text is not YAML, in this parser's opinion. */
export async function findSyntaxError(
  text: string,
): Promise<{ position: Position; message: string } | undefined> {
  return (await readTree(text))?.errors[0];
}

/**
 * Loads the second parser, which is larger and slower than the parser of record but keeps
 * positions, only when there is something to report.
 */
async function readTree(text: string): Promise<Tree | undefined> {
  if (text.length > MAX_LOCATED_CHARACTERS) return undefined;
  try {
    return new Tree(await import("yaml"), text);
  } catch {
    // Too deep for its recursion: the problem is then reported without a position.
    return undefined;
  }
}

function lineOfTab(text: string): number {
  return text.slice(0, Math.max(0, text.search(/^ *\t/m))).split("\n").length;
}

type Pair = Yaml.Pair<unknown, unknown>;

class Tree {
  readonly errors: readonly { code: string; message: string; position: Position }[];
  readonly #yaml: typeof Yaml;
  readonly #contents: unknown;
  readonly #lines: Yaml.LineCounter;
  readonly #targets = new Map<unknown, unknown>();
  readonly #pairs = new Map<unknown, Map<string, Pair>>();
  readonly #duplicates: { path: Path; offset: number; first: number }[] = [];

  constructor(yaml: typeof Yaml, text: string) {
    this.#yaml = yaml;
    this.#lines = new yaml.LineCounter();
    const document = yaml.parseDocument(text, {
      lineCounter: this.#lines,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: "silent",
    });
    this.#contents = document.contents;
    this.errors = document.errors.map((error) => ({
      code: error.code,
      message: error.message,
      position: this.#positionOf(error.pos[0]),
    }));
    this.#index(document.contents, [], new Map());
  }

  find(path: Path, at: "key" | "value"): Position | undefined {
    let node = this.#contents;
    let keyOffset = this.#offsetOf(node);
    for (const segment of path) {
      const step = this.#step(this.#resolve(node), segment);
      if (step === undefined) return this.#positionOf(keyOffset);
      keyOffset = step.keyOffset ?? keyOffset;
      node = step.node;
    }
    const valueOffset = at === "value" ? this.#offsetOf(node) : undefined;
    return this.#positionOf(valueOffset ?? keyOffset);
  }

  duplicates(source: Source): Finding[] {
    return this.#duplicates.map(({ path, offset, first }) => ({
      source,
      path,
      position: this.#positionOf(offset),
      message: `duplicate key ${JSON.stringify(path.at(-1))}`,
      also: { source, path, position: this.#positionOf(first) },
    }));
  }

  /** One level down: into a pair of a mapping (merged ones too) or an item of a list. */
  #step(
    node: unknown,
    segment: string | number,
    seen = new Set<unknown>(),
  ): { node: unknown; keyOffset: number | undefined } | undefined {
    // Merges may form a lattice: each mapping is looked into once.
    if (seen.has(node)) return undefined;
    seen.add(node);
    if (this.#yaml.isSeq(node)) {
      const item = node.items[Number(segment)];
      return item === undefined ? undefined : { node: item, keyOffset: this.#offsetOf(item) };
    }
    if (!this.#yaml.isMap(node)) return undefined;
    const pairs = this.#pairs.get(node);
    const pair = pairs?.get(String(segment));
    if (pair !== undefined) return { node: pair.value, keyOffset: this.#offsetOf(pair.key) };
    const merged = this.#resolve(pairs?.get("<<")?.value);
    for (const source of this.#yaml.isSeq(merged) ? merged.items : [merged]) {
      const step = this.#step(this.#resolve(source), segment, seen);
      if (step !== undefined) return step;
    }
    return undefined;
  }

  /** One walk over the document: pairs by key, anchors behind aliases, keys written twice. */
  #index(node: unknown, path: Path, anchors: Map<string, unknown>): void {
    if (this.#yaml.isAlias(node)) {
      this.#targets.set(node, anchors.get(node.source));
      return;
    }
    if (!this.#yaml.isCollection(node) && !this.#yaml.isScalar(node)) return;
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    if (this.#yaml.isSeq(node)) {
      node.items.forEach((item, index) => this.#index(item, [...path, index], anchors));
    }
    if (!this.#yaml.isMap(node)) return;
    const pairs = new Map<string, Pair>();
    this.#pairs.set(node, pairs);
    for (const pair of node.items) this.#indexPair(pair, pairs, path, anchors);
  }

  #indexPair(
    pair: Pair,
    pairs: Map<string, Pair>,
    path: Path,
    anchors: Map<string, unknown>,
  ): void {
    this.#index(pair.key, path, anchors);
    const key = this.#keyText(pair.key);
    const keyPath = [...path, key];
    const earlier = pairs.get(key);
    if (earlier !== undefined && key !== "<<") {
      const offset = this.#offsetOf(pair.key) ?? 0;
      this.#duplicates.push({ path: keyPath, offset, first: this.#offsetOf(earlier.key) ?? 0 });
    }
    // The last one wins, as in the lenient reading that the checks go on with.
    pairs.set(key, pair);
    this.#index(pair.value, keyPath, anchors);
  }

  /** The property name that the parser of record makes of a key. */
  #keyText(key: unknown): string {
    const node = this.#resolve(key);
    return String(this.#yaml.isScalar(node) ? node.value : node);
  }

  #resolve(node: unknown): unknown {
    return this.#yaml.isAlias(node) ? this.#targets.get(node) : node;
  }

  #offsetOf(node: unknown): number | undefined {
    return this.#yaml.isNode(node) ? node.range?.[0] : undefined;
  }

  #positionOf(offset: number | undefined): Position {
    const { line, col } = this.#lines.linePos(offset ?? 0);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}
