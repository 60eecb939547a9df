import * as z from "zod";
import { balancerSchema, fullSchema, loadbalancerSchema } from "./schema.ts";

/** The JSON Schema of everything that the loader accepts, for editors. */
export function jsonSchema(): Readonly<Record<string, unknown>> {
  const { $schema, ...rest } = z.toJSONSchema(
    z.union([fullSchema, loadbalancerSchema, balancerSchema]),
    { io: "input" },
  );
  return { $schema, title: "Weir configuration", ...rest };
}

/** One setting of the full form, for a table. */
export interface SettingRow {
  /** `listeners[].limits.max_connections`; names that the operator chooses are `NAME`. */
  readonly path: string;
  readonly type: string;
  /** As it would be written; absent when there is none. */
  readonly default?: string;
  readonly isRequired: boolean;
  readonly meaning: string;
}

/** Every setting of the full form, in the order of the schema. Sections have no row of their own. */
export function settingRows(): readonly SettingRow[] {
  return rowsOf(z.toJSONSchema(fullSchema, { io: "input" }), "", "");
}

type Schema = z.core.JSONSchema.BaseSchema;

function rowsOf(schema: Schema, path: string, separator: string): SettingRow[] {
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).flatMap(([key, child]): SettingRow[] => {
    if (typeof child === "boolean") return [];
    const childPath = `${path}${separator}${key}`;
    const nested = nestedOf(child, childPath);
    if (nested.length > 0) return nested;
    return [{
      path: childPath,
      type: typeOf(child),
      ...(child.default === undefined ? {} : { default: JSON.stringify(child.default) }),
      isRequired: required.has(key),
      meaning: child.description ?? "",
    }];
  });
}

function nestedOf(schema: Schema, path: string): SettingRow[] {
  const { items, additionalProperties } = schema;
  if (typeof items === "object" && !Array.isArray(items)) return rowsOf(items, `${path}[]`, ".");
  if (typeof additionalProperties === "object") {
    // A mapping to plain values has no keys of its own to list: it is a setting itself.
    return rowsOf(additionalProperties, `${path}.NAME`, ".");
  }
  return rowsOf(schema, path, ".");
}

function typeOf(schema: Schema): string {
  const { items, additionalProperties } = schema;
  if (typeof items === "object" && !Array.isArray(items)) return `list of ${items.title}`;
  if (typeof additionalProperties === "object") return `mapping to ${additionalProperties.title}`;
  return schema.title ?? "";
}
