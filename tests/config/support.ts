import type { FileRead, LoadEnvironment } from "../../lib/config/files.ts";
import { formatProblem, loadConfigText, type LoadResult } from "../../lib/config/load.ts";
import type { Config } from "../../lib/config/types.ts";

/** What a test lets the loader see. */
export interface MemoryOptions {
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly variables?: Readonly<Record<string, string>>;
  readonly cores?: number;
}

/** Files and variables that exist only in memory. */
export function memoryEnvironment(options: MemoryOptions = {}): LoadEnvironment {
  const files = new Map(Object.entries(options.files ?? {}));
  const variables = new Map(Object.entries(options.variables ?? {}));
  return {
    variable: (name) => variables.get(name),
    files: {
      read: (path): Promise<FileRead> => {
        const content = files.get(path);
        if (content === undefined) return Promise.resolve({ kind: "missing" });
        const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
        return Promise.resolve({ kind: "bytes", bytes });
      },
      list: (directory) => {
        const prefix = directory === "." ? "" : directory;
        const inside = [...files.keys()].filter((path) => path.startsWith(prefix));
        const names = inside.map((path) => path.slice(prefix.length));
        return Promise.resolve(names.filter((name) => !name.includes("/")).reverse());
      },
    },
    cores: options.cores ?? 4,
  };
}

/** Loads `text` as the file `weir.yaml`. */
export function loadText(text: string, options: MemoryOptions = {}): Promise<LoadResult> {
  return loadConfigText("weir.yaml", text, memoryEnvironment(options));
}

/** The configuration in `text`, which must be right. */
export async function configOf(text: string, options: MemoryOptions = {}): Promise<Config> {
  const result = await loadText(text, options);
  if (result.ok) return result.config;
  throw new Error(result.problems.map(formatProblem).join("\n"));
}

/** What is wrong with `text`, one line per problem; none when nothing is. */
export async function problemsOf(text: string, options: MemoryOptions = {}): Promise<string[]> {
  const result = await loadText(text, options);
  return result.ok ? [] : result.problems.map(formatProblem);
}

/** A right configuration in full form, to be changed in one place by tests. */
export const MINIMAL = `listeners:
  - address: ":8080"
    upstream: app
upstreams:
  app:
    backends:
      - address: 127.0.0.1:8081
`;

/** {@linkcode MINIMAL} as HTTP, with one route before the upstream. It stands on line 5. */
export function withRoute(route: string): string {
  return MINIMAL.replace(
    "    upstream: app\n",
    `    protocol: http\n    routes:\n      - { ${route} }\n    upstream: app\n`,
  );
}

/** What holds without a section `outlier_detection`: failures in a row that no page of an application explains. */
export const DEFAULT_OUTLIERS = {
  consecutiveFailures: 0,
  consecutiveGatewayFailures: 5,
  successRateDeviation: 0,
  failurePercentage: 0,
  minHosts: 5,
  minRequests: 100,
  intervalMs: 10_000,
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  maxEjectedPercent: 50,
};
