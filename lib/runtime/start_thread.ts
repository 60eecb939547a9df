import type { HopPorts } from "./hop_ports.ts";
import type { PlacedConfig } from "./layout.ts";
import { sandboxPermissions, StartError } from "./sandbox.ts";

/** @throws {StartError} when the process may not do itself what the thread is to do */
export function startThread(slot: number, config: PlacedConfig, hopPorts: HopPorts): Worker {
  try {
    return new Worker(new URL("./worker.ts", import.meta.url), {
      type: "module",
      name: `weir-${slot}`,
      deno: { permissions: sandboxPermissions(config, hopPorts) },
    });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    throw new StartError(
      "cannot start the data plane: Deno was started with fewer permissions than the configuration " +
        "needs: `weir check --permissions` prints them",
    );
  }
}
