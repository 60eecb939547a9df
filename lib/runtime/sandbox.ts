import { networkList } from "../config/permissions.ts";
import type { Config } from "../config/types.ts";
import type { HopPorts } from "./hop_ports.ts";

/** The data plane cannot be started as it is configured; the message says why and what to do. */
export class StartError extends Error {
  override readonly name = "StartError";
}

/**
 * Which sockets a data plane thread may open: those that the configuration names, and no others. The
 * runtime does not tell listening from connecting. A Unix socket is also a file, so its path has to
 * be readable and writable.
 */
export function sandboxPermissions(
  config: Config,
  hopPorts: HopPorts = new Map(),
): Deno.PermissionOptions {
  if (!config.sandbox) return "inherit";
  const { listen, connect, unixPaths } = networkList(config);
  const hops = [...hopPorts.values()].map((port) => `127.0.0.1:${port}`);
  return {
    net: [...listen, ...connect, ...hops],
    read: unixPaths.length > 0 ? [...unixPaths] : false,
    write: unixPaths.length > 0 ? [...unixPaths] : false,
    env: false,
    run: false,
    sys: false,
    ffi: false,
    import: false,
  };
}

/**
 * Permission for a directory is permission for all that is in it: no socket path may be one.
 *
 * @throws {StartError}
 */
export async function refuseDirectories(config: Config): Promise<void> {
  for (const path of networkList(config).unixPaths) {
    if (await isDirectory(path)) {
      throw new StartError(`cannot use unix:${path}: it must be a socket: it is a directory`);
    }
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch {
    // What is not there yet will not be a directory: the socket is made by `bind`.
    return false;
  }
}

/** Gives up what the supervisor never needs again, so that no later fault of its can use it. */
export async function dropUnneeded(): Promise<void> {
  for (const name of ["run", "ffi", "sys"] as const) {
    await Deno.permissions.revoke({ name });
  }
}
