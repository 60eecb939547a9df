import { loadConfigText, systemEnvironment } from "../../lib/config/load.ts";
import type { Config } from "../../lib/config/types.ts";
import type { Settings } from "./scenario.ts";

/** One TCP listener and one upstream, as the loader gives them out. */
export interface LoadedConfigOptions {
  readonly listen: string;
  readonly backends: readonly string[];
  readonly workers?: number;
  /** Of each backend. */
  readonly maxConnections?: number;
  /** Added to the upstream. */
  readonly upstream?: Settings;
}

/** Loads a configuration in the test itself. */
export async function loadedConfig(
  { listen, backends, workers = 1, maxConnections: max_connections = 0, upstream }:
    LoadedConfigOptions,
): Promise<Config> {
  const text = JSON.stringify({
    workers,
    listeners: [{ name: "main", address: listen, upstream: "app" }],
    upstreams: {
      app: { backends: backends.map((address) => ({ address, max_connections })), ...upstream },
    },
  });
  const loaded = await loadConfigText("test.yaml", text, systemEnvironment());
  if (loaded.ok) return loaded.config;
  throw new Error(loaded.problems.map(({ message }) => message).join("\n"));
}
