import type { Config, UpstreamConfig } from "../config/types.ts";

/** Bytes of a made secret: as many as HMAC-SHA-256 makes use of. */
const SECRET_BYTES = 32;

/**
 * Gives each upstream with sticky sessions and no secret one of its own. It is the same in all
 * threads and ends with the process: clients are then bound anew.
 *
 * @param before the configuration before, whose made secrets go on
 */
export function fillSecrets(config: Config, before?: Config): Config {
  const made = new Map(before?.upstreams.map(({ name, sticky }) => [name, sticky?.secret]));
  const upstreams = config.upstreams.map((upstream) => {
    return fillSecret(upstream, made.get(upstream.name));
  });
  return { ...config, upstreams };
}

function fillSecret(upstream: UpstreamConfig, before: string | undefined): UpstreamConfig {
  const { sticky } = upstream;
  if (sticky === undefined || sticky.secret !== "") return upstream;
  const secret = before ?? crypto.getRandomValues(new Uint8Array(SECRET_BYTES)).toHex();
  return { ...upstream, sticky: { ...sticky, secret } };
}
