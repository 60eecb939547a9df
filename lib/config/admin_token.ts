import { formatHost, parseAddress } from "../core/address.ts";
import type { FileSource } from "./files.ts";
import type { FileDocument } from "./items.ts";
import { type Finding, showValue } from "./problem.ts";
import { readText } from "./read.ts";
import { isRecord } from "./substitute.ts";

/** Fewer could be guessed in spite of the limit on guesses. */
const MIN_TOKEN_LENGTH = 16;
const MAX_TOKEN_LENGTH = 1024;

/** A token, or what is wrong with the file that should hold it. */
export type TokenRead =
  | { readonly ok: true; readonly token: string }
  | { readonly ok: false; readonly message: string };

/** Reads the token of the admin interface: all of the file but white space around it. */
export async function readToken(path: string, files: FileSource): Promise<TokenRead> {
  const read = await readText(path, files);
  if (!read.ok) return read;
  const token = read.source.text.trim();
  const isUsable = token.length >= MIN_TOKEN_LENGTH && token.length <= MAX_TOKEN_LENGTH &&
    /^[\x21-\x7e]+$/.test(token);
  if (isUsable) return { ok: true, token };
  return {
    ok: false,
    message: `file must hold ${MIN_TOKEN_LENGTH} to ${MAX_TOKEN_LENGTH} ASCII characters ` +
      "without spaces, like those that `openssl rand -hex 32` prints",
  };
}

/** A path that a configuration file names: relative to that file. */
export function pathBeside(configFile: string, path: string): string {
  return path.startsWith("/") ? path : configFile.slice(0, configFile.lastIndexOf("/") + 1) + path;
}

/** Addresses that only this machine reaches. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" || /^127(\.\d+){3}$/.test(hostname);
}

/** Whoever reaches the admin interface from elsewhere has to show a token. */
export function checkAdminToken({ source, value: { admin } }: FileDocument): Finding[] {
  if (!isRecord(admin) || (admin["token_file"] ?? null) !== null) return [];
  const hostname = hostnameOf(admin["address"]);
  if (hostname === undefined || isLoopback(hostname)) return [];
  const message = `is required, because ${formatHost(hostname)} can be reached from elsewhere: ` +
    "must be a file with a token, or admin.address must be a loopback address, like 127.0.0.1:9090";
  return [{ source, path: ["admin", "token_file"], message }];
}

/** Finds a token file that is not there or holds no token. */
export async function checkTokenFile(
  { source, value: { admin } }: FileDocument,
  files: FileSource,
): Promise<Finding[]> {
  const path = isRecord(admin) ? admin["token_file"] : undefined;
  if (typeof path !== "string" || path === "") return [];
  const read = await readToken(pathBeside(source.name, path), files);
  if (read.ok) return [];
  const message = `${read.message}: current value is ${showValue(path)}`;
  return [{ source, path: ["admin", "token_file"], message }];
}

function hostnameOf(address: unknown): string | undefined {
  if (typeof address !== "string") return undefined;
  try {
    const parsed = parseAddress(address);
    return parsed.kind === "tcp" ? parsed.hostname : undefined;
  } catch {
    // Not an address: the schema says so.
    return undefined;
  }
}
