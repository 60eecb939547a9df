import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/log.ts";
import type { KernelSettings } from "./sysctl.ts";

/** What {@linkcode setCongestionControl} takes from outside. */
export interface CongestionDeps {
  readonly kernel: KernelSettings;
  readonly log: Logger;
}

/**
 * Makes an algorithm the network namespace's own for new TCP sockets: listeners take it when they
 * open, and what they accept takes theirs. To be called before any socket is opened.
 *
 * That it cannot be set is told with what to do about it, and no reason not to start.
 *
 * @param wanted as `tcp_available_congestion_control` calls it, say `bbr`
 */
export async function setCongestionControl(
  wanted: string,
  { kernel, log }: CongestionDeps,
): Promise<void> {
  const before = await tryRead(kernel, CURRENT);
  const failure = before === wanted ? undefined : await trySet(kernel, wanted);
  const after = await tryRead(kernel, CURRENT);
  if (after === wanted) {
    const fields = { before, after };
    return log.write({ level: "info", message: "TCP congestion control is as configured", fields });
  }
  const available = await tryRead(kernel, AVAILABLE);
  log.write({
    level: "warning",
    message: "Cannot set TCP congestion control: connections have the system's",
    fields: {
      setting: "tcp.congestion_control",
      wanted,
      current: after,
      available,
      reason: failure ?? "it was set, and is another one all the same",
      remedy: remedyFor(wanted, available),
    },
  });
}

async function tryRead(kernel: KernelSettings, key: string): Promise<string | undefined> {
  try {
    return await kernel.read(key);
  } catch {
    // What the attempt to set it says is the better reason, and it is told.
    return undefined;
  }
}

async function trySet(kernel: KernelSettings, wanted: string): Promise<string | undefined> {
  try {
    await kernel.write(CURRENT, wanted);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function remedyFor(wanted: string, available: string | undefined): string {
  const isMissing = available !== undefined && !available.split(/\s+/).includes(wanted);
  const load = isMissing ? `load its module (modprobe tcp_${wanted}), and ` : "";
  const set = `sysctl -w ${CURRENT}=${wanted}`;
  return `${load}as root run ${set} before Weir starts; for systemd ExecStartPre=+/usr/sbin/${set}`;
}

const CURRENT = "net.ipv4.tcp_congestion_control";
const AVAILABLE = "net.ipv4.tcp_available_congestion_control";
