import { type Address, formatAddress } from "../core/address.ts";
import type { Config } from "./types.ts";

/** What the configuration lets the program reach, in the syntax of Deno's permissions. */
export interface NetworkList {
  /** Entries of `net` that opening the listeners needs. */
  readonly listen: readonly string[];
  /** Entries of `net` that reaching the backends needs. */
  readonly connect: readonly string[];
  /** Unix socket paths of both: to be readable and writable too. */
  readonly unixPaths: readonly string[];
  /** Entries of `net` for the admin listener, which the data plane has no use for. */
  readonly admin: readonly string[];
  /** The same for the collector of traces. */
  readonly collector: readonly string[];
}

/** Lists every address that a configuration names, each once and in order. */
export function networkList(config: Config): NetworkList {
  const listeners = config.listeners.map((listener) => listener.address);
  const backends = config.upstreams.flatMap((upstream) => {
    return upstream.backends.map((backend) => backend.address);
  });
  const admin = config.admin === undefined ? [] : [config.admin.address];
  return {
    listen: unique(listeners.flatMap(listenEntries)),
    connect: unique(backends.map(formatAddress)),
    unixPaths: unique([...listeners, ...backends].flatMap(pathOf)),
    admin: unique(admin.flatMap(listenEntries)),
    collector: config.tracing === undefined ? [] : [hostOf(config.tracing.endpoint)],
  };
}

/** Folders that hold certificates of listeners: they are read, and watched. */
export function certificateFolders({ listeners }: Config): string[] {
  const files = listeners.flatMap(({ tls }) => tls?.certificates ?? []);
  const paths = files.flatMap(({ cert, key }) => [cert, key]);
  return unique(paths.map((path) => path.replace(/[^/]*$/, "") || "."));
}

/** A listener on every interface falls back to IPv4 where the machine has no IPv6. */
function listenEntries(address: Address): string[] {
  const isEverywhere = address.kind === "tcp" && address.hostname === "::";
  const own = formatAddress(address);
  return isEverywhere ? [own, `0.0.0.0:${address.port}`] : [own];
}

function hostOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}

function pathOf(address: Address): string[] {
  return address.kind === "unix" ? [address.path] : [];
}

function unique(entries: readonly string[]): string[] {
  return [...new Set(entries)].sort();
}
