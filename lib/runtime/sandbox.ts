import { networkList } from "../config/permissions.ts";
import type { Config } from "../config/types.ts";

/**
 * What a data plane thread may do: open the sockets that the configuration names, and nothing else.
 * A Unix socket is also a file, so its path has to be readable and writable.
 */
export function sandboxPermissions(config: Config): Deno.PermissionOptions {
  if (!config.sandbox) return "inherit";
  const { listen, connect, unixPaths } = networkList(config);
  return {
    net: [...listen, ...connect],
    read: unixPaths.length > 0 ? [...unixPaths] : false,
    write: unixPaths.length > 0 ? [...unixPaths] : false,
    env: false,
    run: false,
    sys: false,
    ffi: false,
    import: false,
  };
}

/** Gives up what the supervisor never needs again, so that no later fault of its can use it. */
export async function dropUnneeded(): Promise<void> {
  for (const name of ["run", "ffi", "sys"] as const) {
    await Deno.permissions.revoke({ name });
  }
}
