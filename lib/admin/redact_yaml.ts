import type * as Yaml from "yaml";
import { HIDDEN, isSecretName, redactText } from "./redact.ts";

/** The text of a configuration without what is secret in it; comments and all else stay. */
export async function redactYaml(text: string): Promise<string> {
  const yaml = await import("yaml");
  const hidden: (readonly [from: number, to: number])[] = [];
  yaml.visit(yaml.parseDocument(text, { logLevel: "silent" }), {
    Pair: (_, { key, value }) => {
      if (!yaml.isScalar(key) || !isSecretName(String(key.value))) return;
      const range = rangeOf(yaml, value);
      if (range !== undefined) hidden.push(range);
    },
  });
  const shown = hidden.toReversed().reduce((text, [from, to]) => {
    return text.slice(0, from) + HIDDEN + text.slice(to);
  }, text);
  return shown.split("\n").map((line) => redactText(line.replace(COMMENT, hideComment))).join("\n");
}

/** Text that is no name of something else. */
function rangeOf(yaml: typeof Yaml, node: unknown): readonly [number, number] | undefined {
  if (!yaml.isScalar(node) || typeof node.value !== "string" || node.value === "") return undefined;
  return node.range ? [node.range[0], node.range[1]] : undefined;
}

const COMMENT = /#.*/;

/** A setting that was commented out is as secret as it was. */
function hideComment(comment: string): string {
  const names = [...comment.matchAll(/([\w-]+)["']?\s*:/g)].map(([, name]) => name ?? "");
  return names.some(isSecretName) ? `# ${HIDDEN}` : comment;
}
