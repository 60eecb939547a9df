import { messageOf } from "../core/errors.ts";
import { type CharacterNode, parseRegex, type RegexNode } from "./regex_syntax.ts";

/** Longest regular expression that is accepted, in characters. */
export const MAX_REGEX_LENGTH = 256;
/** A pattern may take the time of the path's length to this power. */
const MAX_POWER = 2;
/** Most ways in which alternatives and optional parts may combine. */
const MAX_WAYS = 256;

/**
 * Why a pattern is not accepted; `undefined` when it is.
 *
 * JavaScript tries one way of matching after the other, so some patterns take a time that doubles
 * with each character of a path that a stranger chooses. The check is conservative: it refuses some
 * that would do no harm, and what it accepts takes the square of the path's length at worst.
 */
export function explainRegex(source: string): string | undefined {
  if (source.length > MAX_REGEX_LENGTH) return `must be at most ${MAX_REGEX_LENGTH} characters`;
  try {
    new RegExp(source, "u");
  } catch (error) {
    const reason = messageOf(error).replace(
      /^Invalid regular expression: [^]*\/u: /,
      "",
    );
    return `must be a regular expression (${reason})`;
  }
  try {
    return explainCost(parseRegex(source));
  } catch (error) {
    return messageOf(error);
  }
}

function explainCost(alternatives: readonly (readonly RegexNode[])[]): string | undefined {
  const costs = alternatives.map((sequence) => costOf(sequence, true));
  if (costs.some((cost) => cost.isNested)) {
    return "must not repeat a group that holds another repetition or alternatives: " +
      "matching such a pattern can take forever";
  }
  const ways = costs.reduce((sum, cost) => sum + cost.ways, 0);
  const power = Math.max(...costs.map((cost, index) => {
    const starts = startsAnchored(alternatives[index]) ? 0 : 1;
    return starts + cost.repeats + (cost.scans ? 1 : 0);
  }));
  if (power <= MAX_POWER && ways <= MAX_WAYS) return undefined;
  return "must have fewer repetitions that can share characters, or start with ^: " +
    "matching such a pattern can take very long";
}

function startsAnchored(sequence: readonly RegexNode[] = []): boolean {
  const [first] = sequence;
  return first?.kind === "anchor" && first.text === "^";
}

/** What matching a sequence may cost. */
interface Cost {
  /** Repetitions whose end is found by trial. */
  readonly repeats: number;
  /** Some other repetition, whose characters are gone through once per trial. */
  readonly scans: boolean;
  /** Combinations of alternatives and optional parts. */
  readonly ways: number;
  readonly isNested: boolean;
}

/** @param isEnd nothing follows: the last repetition then never gives anything back */
function costOf(sequence: readonly RegexNode[], isEnd: boolean): Cost {
  const nodes = sequence.flatMap(unwrap);
  let cost: Cost = { repeats: 0, scans: false, ways: 1, isNested: false };
  for (const [index, node] of nodes.entries()) {
    if (node.kind === "anchor") continue;
    if (node.kind === "group") {
      const inner = node.alternatives.map((alternative) => costOf(alternative, false));
      const repeats = inner.reduce((sum, part) => sum + part.repeats, 0);
      const ways = inner.reduce((sum, part) => sum + part.ways, 0);
      const isNested = inner.some((part) => part.isNested) ||
        (node.max > 1 && node.alternatives.some((alternative) => !isFixed(alternative))) ||
        (node.max > 1 && node.alternatives.length > 1);
      cost = add(cost, { repeats, scans: inner.some((part) => part.scans), ways, isNested });
    }
    if (node.min === node.max) continue;
    const isSure = node.kind === "character" && isSettled(node, nodes[index + 1], isEnd);
    cost = add(cost, costOfEnd(node.max - node.min === 1, isSure));
  }
  return cost;
}

/** What finding the end of a repetition costs. */
function costOfEnd(isOptional: boolean, isSure: boolean): Cost {
  const cost = { repeats: 0, scans: false, ways: 1, isNested: false };
  if (isOptional) return { ...cost, ways: isSure ? 1 : 2 };
  return isSure ? { ...cost, scans: true } : { ...cost, repeats: 1 };
}

function add(one: Cost, other: Cost): Cost {
  return {
    repeats: one.repeats + other.repeats,
    scans: one.scans || other.scans,
    ways: one.ways * other.ways,
    isNested: one.isNested || other.isNested,
  };
}

/** Parentheses that stand exactly once and hold one sequence only are as good as none. */
function unwrap(node: RegexNode): RegexNode[] {
  if (node.kind !== "group" || node.looksAround || node.min !== 1 || node.max !== 1) return [node];
  const [only, ...others] = node.alternatives;
  return only === undefined || others.length > 0 ? [node] : only.flatMap(unwrap);
}

function isFixed(sequence: readonly RegexNode[]): boolean {
  return sequence.every((node) => {
    if (node.kind === "anchor") return true;
    if (node.min !== node.max) return false;
    if (node.kind === "character") return true;
    return node.alternatives.length === 1 && node.alternatives.every(isFixed);
  });
}

/** Is the end of a repetition clear from the next character? */
function isSettled(node: CharacterNode, next: RegexNode | undefined, isEnd: boolean): boolean {
  if (next === undefined) return isEnd;
  if (next.kind === "anchor") return next.text === "$";
  if (next.kind === "group" || next.min === 0) return false;
  const [one, other] = [node, next].map(({ text }) => new RegExp(`^(?:${text})$`, "u"));
  return LATIN1.every((character) => !(one?.test(character) && other?.test(character)));
}

/** What a path is made of. */
const LATIN1 = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
