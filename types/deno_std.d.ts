/**
 * Types of the parts of `npm:deno-std` that Weir uses. The package ships JavaScript only;
 * `compilerOptions.paths` in deno.json points its three modules here.
 */

// @std/yaml ------------------------------------------------------------------------------------

/** Options of {@linkcode parse}. */
export interface ParseOptions {
  /** Accept a key that is written twice in one mapping; the last one wins. @default {false} */
  readonly allowDuplicateKeys?: boolean;
  readonly schema?: "core" | "default" | "failsafe" | "json" | "extended";
}
/** Options of {@linkcode stringify}. */
export interface StringifyOptions {
  readonly indent?: number;
  readonly lineWidth?: number;
  readonly flowLevel?: number;
  readonly sortKeys?: boolean;
  readonly skipInvalid?: boolean;
  readonly compatMode?: boolean;
  readonly useAnchors?: boolean;
}
/** A document that is not YAML: where and why. Lines and columns count from 1. */
export class YamlSyntaxError extends SyntaxError {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
  readonly snippet: string | undefined;
}
export function parse(content: string, options?: ParseOptions): unknown;
export function parseAll(content: string, options?: ParseOptions): unknown[];
export function stringify(data: unknown, options?: StringifyOptions): string;

// @std/cli/parse-args ----------------------------------------------------------------------------

/** Options of {@linkcode parseArgs}. */
export interface ParseArgsOptions {
  readonly string?: readonly string[];
  readonly boolean?: readonly string[];
  readonly collect?: readonly string[];
  readonly negatable?: readonly string[];
  readonly alias?: Readonly<Record<string, string | readonly string[]>>;
  readonly default?: Readonly<Record<string, unknown>>;
  readonly stopEarly?: boolean;
  readonly "--"?: boolean;
  readonly unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}
/** What {@linkcode parseArgs} found: the rest in `_`, the flags by name. */
export interface Args {
  readonly _: readonly (string | number)[];
  readonly [flag: string]: unknown;
}
export function parseArgs(args: readonly string[], options?: ParseArgsOptions): Args;

// @std/assert --------------------------------------------------------------------------------------

export class AssertionError extends Error {}
// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error = Error> = abstract new (...args: any[]) => E;
export function assert(expr: unknown, msg?: string): asserts expr;
export function assertFalse(expr: unknown, msg?: string): asserts expr is false;
export function assertEquals<T>(actual: T, expected: T, msg?: string): void;
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void;
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T;
export function assertNotStrictEquals<T>(actual: T, expected: T, msg?: string): void;
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  msg?: string,
): void;
export function assertArrayIncludes<T>(
  actual: ArrayLike<T>,
  expected: ArrayLike<T>,
  msg?: string,
): void;
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T>;
export function assertGreater<T>(actual: T, expected: T, msg?: string): void;
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void;
export function assertLess<T>(actual: T, expected: T, msg?: string): void;
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void;
export function assertInstanceOf<E extends Error>(
  actual: unknown,
  type: ErrorClass<E>,
  msg?: string,
): asserts actual is E;
export function assertIsError<E extends Error = Error>(
  error: unknown,
  type?: ErrorClass<E>,
  includes?: string | RegExp,
  msg?: string,
): asserts error is E;
export function assertMatch(actual: string, expected: RegExp, msg?: string): void;
export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void;
export function assertObjectMatch(actual: object, expected: object, msg?: string): void;
export function assertStringIncludes(actual: string, expected: string, msg?: string): void;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  type?: ErrorClass<E>,
  includes?: string,
  msg?: string,
): E;
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  type?: ErrorClass<E>,
  includes?: string,
  msg?: string,
): Promise<E>;
export function equal(a: unknown, b: unknown): boolean;
export function fail(msg?: string): never;
export function unreachable(msg?: string): never;
