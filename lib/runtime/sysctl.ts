import { messageOf } from "../core/errors.ts";

/** What the kernel lets be read and set, by name, like `net.ipv4.tcp_congestion_control`. */
export interface KernelSettings {
  /** @throws {Error} saying why it cannot be read */
  read(key: string): Promise<string>;
  /** @throws {Error} saying why it cannot be set */
  write(key: string, value: string): Promise<void>;
}

/**
 * The settings of the network namespace that this process is in.
 *
 * Deno opens nothing below /proc unless everything is allowed, so a program does it. Its path is the
 * whole one: for a name that is not on the PATH, Deno prints a line at each start.
 */
export const sysctl: KernelSettings = {
  read: async (key) => (await run(["-n", key])).trim(),
  write: async (key, value) => void await run(["-w", `${key}=${value}`]),
};

/** The only program that Weir ever runs. */
export const SYSCTL_PATH = "/usr/sbin/sysctl";

async function run(args: readonly string[]): Promise<string> {
  const output = await spawn(args);
  const text = new TextDecoder().decode(output.stdout);
  if (output.success) return text;
  throw new Error(new TextDecoder().decode(output.stderr).trim());
}

async function spawn(args: readonly string[]): Promise<Deno.CommandOutput> {
  try {
    const signal = AbortSignal.timeout(RUN_TIMEOUT_MS);
    return await new Deno.Command(SYSCTL_PATH, { args: [...args], stdin: "null", signal }).output();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      throw new Error(`the runtime does not permit it: start with --allow-run=${SYSCTL_PATH}`);
    }
    if (error instanceof Deno.errors.NotFound) throw new Error(`there is no ${SYSCTL_PATH}`);
    throw new Error(messageOf(error));
  }
}

/** Setting an algorithm may load a module from the disk. */
const RUN_TIMEOUT_MS = 5000;
