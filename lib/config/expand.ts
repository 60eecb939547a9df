import { stringify } from "@std/yaml";
import type { PlainDocument } from "./short_forms.ts";
import { escapeVariables, isRecord } from "./substitute.ts";

/** The full form of a configuration as YAML that loads to the same configuration. */
export function formatExpanded(document: PlainDocument): string {
  return stringify(escape(document), { lineWidth: 100, useAnchors: false });
}

/** Variables were replaced already: what still looks like one stands for itself. */
function escape(value: unknown): unknown {
  if (typeof value === "string") return escapeVariables(value);
  if (Array.isArray(value)) return value.map(escape);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, escape(item)]));
}
