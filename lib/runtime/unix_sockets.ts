import type { Config } from "../config/types.ts";

/**
 * Removes socket files that a Weir which was killed has left behind. One that still answers belongs
 * to somebody, and stays: opening the listener then fails and says so.
 */
export async function removeStaleSockets(config: Config): Promise<void> {
  for (const { address } of config.listeners) {
    if (address.kind === "unix" && await isStaleSocket(address.path)) {
      await remove(address.path);
    }
  }
}

async function remove(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch {
    // Then opening the listener fails, and says so with its name.
  }
}

async function isStaleSocket(path: string): Promise<boolean> {
  try {
    if (!(await Deno.lstat(path)).isSocket) return false;
    const conn = await Deno.connect({ transport: "unix", path });
    conn.close();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.ConnectionRefused;
  }
}
