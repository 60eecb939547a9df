import type { Address } from "../core/address.ts";

/** The system's name of an error, such as `EMFILE`; empty when it has none. */
export function systemCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** This machine has no address of that family. */
export function isFamilyMissing(error: unknown): boolean {
  return error instanceof Deno.errors.AddrNotAvailable || systemCode(error) === "EAFNOSUPPORT";
}

/** The client reset its connection while it waited to be accepted. */
export function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.NotConnected ||
    error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.ConnectionReset;
}

/** An address as the runtime tells it. */
export function fromDeno(address: Deno.Addr): Address | undefined {
  if ("hostname" in address) {
    // A dual-stack listener sees IPv4 clients as mapped addresses (RFC 4291 section 2.5.5.2).
    const hostname = address.hostname.replace(/^::ffff:(?=\d+\.)/, "");
    return { kind: "tcp", hostname, port: address.port };
  }
  return "path" in address && address.path ? { kind: "unix", path: address.path } : undefined;
}
