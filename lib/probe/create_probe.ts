import type { ProbeConfig } from "../config/types.ts";
import type { Probe } from "../health/probe.ts";
import type { Transport } from "../net/transport.ts";
import { probeHttp } from "./probe_http.ts";
import { probeTcp } from "./probe_tcp.ts";

/** The check that a configuration describes. */
export function createProbe(config: ProbeConfig, transport: Transport): Probe {
  return config.type === "http" ? probeHttp(transport, config) : probeTcp(transport, config);
}
