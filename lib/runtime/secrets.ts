import type { Config, UpstreamConfig } from "../config/types.ts";

/** Bytes of a made secret: as many as HMAC-SHA-256 makes use of. */
const SECRET_BYTES = 32;

/**
 * Gives each upstream with sticky sessions and no secret one of its own. It is the same in all
 * threads and ends with the process: clients are then bound anew.
 */
export function fillSecrets(config: Config): Config {
  return { ...config, upstreams: config.upstreams.map(fillSecret) };
}

function fillSecret(upstream: UpstreamConfig): UpstreamConfig {
  const { sticky } = upstream;
  if (sticky === undefined || sticky.secret !== "") return upstream;
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return { ...upstream, sticky: { ...sticky, secret: bytes.toHex() } };
}
