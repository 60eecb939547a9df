import { messageOf } from "../core/errors.ts";
import type { Finding, Path, Source } from "./problem.ts";

/** The value of an environment variable. */
export type Variables = (name: string) => string | undefined;

/** A document of plain data, and what could not be replaced in it. */
export interface Substituted {
  readonly value: unknown;
  readonly findings: readonly Finding[];
}

/**
 * Copies a document with `${NAME}` and `${NAME:-default}` replaced in its texts. `$${` stands for a
 * literal `${`. This runs after parsing, so no variable can add structure.
 */
export function substitute(source: Source, value: unknown, variables: Variables): Substituted {
  const findings: Finding[] = [];
  const copy = (node: unknown, path: Path): unknown => {
    if (typeof node === "string") {
      return expandText(node, variables, (message) => findings.push({ source, path, message }));
    }
    if (Array.isArray(node)) return node.map((item, index) => copy(item, [...path, index]));
    if (!isRecord(node)) return node;
    const record: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(node)) {
      const itemPath = [...path, key];
      if (key === "__proto__") {
        const message = `key must not be "__proto__"`;
        findings.push({ source, path: itemPath, at: "key", message });
        continue;
      }
      record[key] = copy(item, itemPath);
    }
    return record;
  };
  return { value: copy(value, []), findings };
}

/** True for a mapping: no list, no date, no other object that YAML tags can make. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
}

/** Undoes the replacement of `$${`: what this returns reads back as `text`. */
export function escapeVariables(text: string): string {
  return text.replaceAll("${", () => "$${");
}

function expandText(text: string, variables: Variables, report: (message: string) => void): string {
  if (!text.includes("${")) return text;
  return text.replace(/\$\$\{|\$\{([^}]*)(\}?)/g, (whole, body?: string, end?: string) => {
    if (body === undefined) return "${";
    if (end === "") {
      report(`"\${" must be closed with "}", or written "$\${" to stand for itself`);
      return whole;
    }
    return lookUp(body, variables, report) ?? whole;
  });
}

function lookUp(
  body: string,
  variables: Variables,
  report: (message: string) => void,
): string | undefined {
  const [, name, fallback] = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([^]*))?$/.exec(body) ?? [];
  if (name === undefined) {
    report("variable must be written ${NAME} or ${NAME:-default}");
    return undefined;
  }
  try {
    const value = variables(name);
    if (value !== undefined && value !== "") return value;
    if (fallback !== undefined) return fallback;
    if (value === undefined) {
      report(`environment variable ${name} must be set, or have a default: \${${name}:-default}`);
    }
    return value;
  } catch (error) {
    report(`environment variable ${name} cannot be read: ${messageOf(error)}`);
    return undefined;
  }
}
