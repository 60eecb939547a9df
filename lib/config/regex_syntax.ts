/** A part of a regular expression, with how often it may stand there. */
export type RegexNode = CharacterNode | GroupNode | AnchorNode;

/** Something that matches exactly one character. */
export interface CharacterNode {
  readonly kind: "character";
  readonly text: string;
  readonly min: number;
  readonly max: number;
}

/** Something in parentheses. */
export interface GroupNode {
  readonly kind: "group";
  readonly alternatives: readonly (readonly RegexNode[])[];
  /** Looks ahead or behind, and takes nothing. */
  readonly looksAround: boolean;
  readonly min: number;
  readonly max: number;
}

/** A place between characters. */
export interface AnchorNode {
  readonly kind: "anchor";
  readonly text: string;
}

/**
 * Takes apart a pattern that `RegExp` accepts with the flag `u`, into its alternatives.
 *
 * @throws {SyntaxError} for a backreference
 */
export function parseRegex(source: string): RegexNode[][] {
  return new Parser(source).alternatives();
}

/** The sticky patterns of one character, in the order in which they are tried. */
const CHARACTERS = [
  /\[(?:\\.|[^\]\\])*\]/suy,
  /\\(?:u\{[^}]*\}|u[\da-f]{4}|x[\da-f]{2}|c[a-z]|[pP]\{[^}]*\}|.)/suyi,
  /[^]/uy,
] as const;

class Parser {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  /** Reads up to the end of the group, or of the pattern. */
  alternatives(): RegexNode[][] {
    let sequence: RegexNode[] = [];
    const alternatives = [sequence];
    while (this.#at < this.#source.length && this.#source[this.#at] !== ")") {
      if (this.#take(/\|/y) === undefined) {
        sequence.push(this.#node());
        continue;
      }
      sequence = [];
      alternatives.push(sequence);
    }
    return alternatives;
  }

  #node(): RegexNode {
    const anchor = this.#take(/[\^$]|\\[bB]/y);
    if (anchor !== undefined) return { kind: "anchor", text: anchor };
    if (this.#take(/\\[1-9]|\\k</y) !== undefined) {
      throw new SyntaxError("must have no backreference: matching one can take forever");
    }
    const opening = this.#take(/\((?:\?(?:<?[=!]|:|<[^>]*>|[a-z-]+:))?/y);
    if (opening === undefined) {
      return { kind: "character", text: this.#character(), ...this.#count() };
    }
    const alternatives = this.alternatives();
    this.#take(/\)/y);
    const looksAround = /^\(\?<?[=!]$/.test(opening);
    return { kind: "group", alternatives, looksAround, ...this.#count() };
  }

  #character(): string {
    for (const pattern of CHARACTERS) {
      const text = this.#take(new RegExp(pattern));
      if (text !== undefined) return text;
    }
    throw new SyntaxError("must be a regular expression");
  }

  #count(): { min: number; max: number } {
    const text = this.#take(/[*+?]\??|\{\d+(?:,\d*)?\}\??/y);
    if (text === undefined) return { min: 1, max: 1 };
    if (text.startsWith("*")) return { min: 0, max: Infinity };
    if (text.startsWith("+")) return { min: 1, max: Infinity };
    if (text.startsWith("?")) return { min: 0, max: 1 };
    const [, min = "0", comma, max] = /^\{(\d+)(,?)(\d*)/.exec(text) ?? [];
    if (comma === "") return { min: Number(min), max: Number(min) };
    return { min: Number(min), max: max === "" ? Infinity : Number(max) };
  }

  /** The text that a sticky pattern matches here, and goes on behind it. */
  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const text = pattern.exec(this.#source)?.[0];
    this.#at += text?.length ?? 0;
    return text;
  }
}
