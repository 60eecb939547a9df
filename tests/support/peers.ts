/** A program that Weir is tried with, not part of it. */
export type Peer =
  | "haproxy"
  | "nginx"
  /** What Debian makes a package of its own of. */
  | "ngx_stream_module.so"
  | "curl"
  | "openssl"
  | "python3"
  | "wrk"
  | "ab"
  | "h2load"
  | "prometheus"
  | "promtool"
  | "node"
  | "sslscan"
  | "chromium"
  | "systemd-analyze"
  | "bash"
  | "zsh"
  | "fish"
  | "mandoc";

/** Paths of the programs, by name. */
export type PeerPaths = Readonly<Record<Peer, string>>;

/**
 * Registers a test that needs programs. Without one of them it is registered as ignored, with the
 * reason in its name, so that it is counted and seen; WEIR_REQUIRE_PEERS=1 makes it fail instead.
 */
export function peerTest(
  name: string,
  peers: readonly Peer[],
  run: (paths: PeerPaths, t: Deno.TestContext) => Promise<void>,
): void {
  const found = new Map(peers.map((peer) => [peer, findProgram(peer)]));
  const missing = peers.filter((peer) => found.get(peer) === undefined);
  if (missing.length === 0) {
    Deno.test(name, (t) => run(Object.fromEntries(found) as PeerPaths, t));
    return;
  }
  const needs = `needs ${missing.join(", ")}`;
  if (Deno.env.get("WEIR_REQUIRE_PEERS") !== "1") {
    Deno.test({ name: `${name} [skipped: ${needs}]`, ignore: true, fn: () => {} });
    return;
  }
  Deno.test(name, () => {
    throw new Error(`Cannot run: ${needs}, and WEIR_REQUIRE_PEERS=1 wants every program there`);
  });
}

/** Path of a program, or `undefined` when this machine does not have it. */
export function findProgram(name: string): string | undefined {
  // Debian gives only root the folders of servers.
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/sbin", NGINX_MODULES];
  return folders.filter((folder) => folder !== "").map((folder) => `${folder}/${name}`)
    .find(isFile);
}

const NGINX_MODULES = "/usr/lib/nginx/modules";

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
