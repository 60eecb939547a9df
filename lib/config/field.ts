import * as z from "zod";
import { messageOf } from "../core/errors.ts";
import { nearest } from "../core/suggest.ts";
import { showValue } from "./problem.ts";

/** The part of JSON Schema that describes one setting. */
export type FieldSchema = Readonly<Record<string, unknown>>;

/** How one setting is described to people and to editors. */
export interface FieldOptions {
  /** The type in one or two words, for the table in the README. */
  readonly title: string;
  /** What the value must be, to follow "must be". */
  readonly wanted: string;
  readonly json: FieldSchema;
  /** The value must not be shown. */
  readonly isSecret?: boolean;
}

/**
 * A setting whose whole check is `read`, which returns `undefined` for "not what is wanted" or
 * throws a SyntaxError that says more.
 */
export function field<T>(
  options: FieldOptions,
  read: (value: unknown) => T | undefined,
): z.ZodType<T, unknown> {
  return z.unknown().transform((value, context): T => {
    const result = attempt(options, () => read(value), value);
    if (result.message === undefined) return result.value;
    context.issues.push({ code: "custom", message: result.message, input: value });
    return z.NEVER;
  }).meta({ title: options.title, ...orVariable(options.json) });
}

/** A mapping with exactly these keys. */
export function section<T extends z.core.$ZodLooseShape>(shape: T) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      // One line per key: a message is taken apart again where keys are listed.
      if (issue.code === "unrecognized_keys") {
        return issue.keys.map((key) => explainUnknownKey(key, known)).join("\n");
      }
      return explainWrong(issue.input, `a mapping with the keys ${known.join(", ")}`);
    },
  });
}

/** A list of `item`. */
export function list<T extends z.ZodType>(item: T) {
  return z.array(item, { error: (issue) => explainWrong(issue.input, "a list") });
}

/** A mapping from keys that the operator chooses to `values`: a word such as "sections". */
export function mapping<T extends z.ZodType>(item: T, keys: FieldSchema, values = "sections") {
  // Keys are checked apart from this: a record would not look into a value whose key is wrong.
  return z.record(z.string(), item, {
    error: (issue) => explainWrong(issue.input, `a mapping from names to ${values}`),
  }).meta({ propertyNames: keys });
}

/** `unknown key "x": did you mean "y"?` */
export function explainUnknownKey(key: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  const hint = meant === undefined
    ? `known keys are ${known.join(", ")}`
    : `did you mean "${meant}"?`;
  return `unknown key ${showValue(key)}: ${hint}`;
}

/** `must be x: current value is y`, or `is required` when there is none. */
export function explainWrong(value: unknown, wanted: string): string {
  if (value === undefined) return `is required: must be ${wanted}`;
  return `must be ${wanted}: current value is ${showValue(value)}`;
}

type Attempt<T> = { value: T; message?: undefined } | { message: string };

function attempt<T>(
  { wanted, isSecret = false }: FieldOptions,
  read: () => T | undefined,
  value: unknown,
): Attempt<T> {
  if (value === undefined) return { message: explainWrong(value, wanted) };
  try {
    const result = read();
    if (result !== undefined) return { value: result };
    return { message: isSecret ? `must be ${wanted}` : explainWrong(value, wanted) };
  } catch (error) {
    return { message: `${messageOf(error)}: current value is ${showValue(value)}` };
  }
}

/** Editors must accept a variable wherever the loader does. */
function orVariable(json: FieldSchema): FieldSchema {
  if (json["type"] === "string" && json["pattern"] === undefined && json["enum"] === undefined) {
    return json;
  }
  const variable = { type: "string", pattern: "\\$\\{.+\\}" };
  const own = "anyOf" in json && Array.isArray(json["anyOf"]) ? json["anyOf"] : [json];
  return { anyOf: [...own, variable] };
}
