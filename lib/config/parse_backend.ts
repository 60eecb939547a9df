import { backendSchema } from "./schema.ts";
import { buildBackend } from "./build.ts";
import type { NewBackend } from "./overlay.ts";
import { formatPath } from "./problem.ts";
import { findingsOf } from "./report.ts";
import { isRecord } from "./substitute.ts";

/** What reading a backend came to. */
export type BackendRead =
  | { readonly ok: true; readonly backend: NewBackend }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads a backend from outside of a file, by the rules and defaults of one in it. */
export function parseBackend(value: unknown): BackendRead {
  const result = backendSchema.safeParse(value);
  if (!result.success) {
    const findings = findingsOf({ name: "", text: "" }, result.error);
    const problems = findings.map(({ path, message }) => {
      return path.length === 0 ? message : `${formatPath(path)}: ${message}`;
    });
    return { ok: false, problems };
  }
  const spec = buildBackend(result.data);
  const keys = Object.keys(isRecord(value) ? value : {});
  const given = keys.map((key) => {
    const name = KEYS[key] ?? key;
    return [name, Reflect.get(spec, name)];
  });
  return { ok: true, backend: { spec, given: Object.fromEntries(given) } };
}

/** Keys whose settings have other names in the program. */
const KEYS: Readonly<Record<string, string>> = { name: "id", max_connections: "maxConnections" };
