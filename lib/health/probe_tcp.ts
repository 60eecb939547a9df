import type { Address } from "../core/address.ts";

/** One active check: resolves when the backend passes, rejects with the reason when not. */
export type Probe = (address: Address, signal: AbortSignal) => Promise<void>;

/** Opens a stream socket; rejects when it cannot, or when `signal` says stop. */
export type Connect = (address: Address, signal: AbortSignal) => Promise<{ close(): void }>;

/** Passes when a connection can be opened; it is closed again at once. */
export function probeTcp(connect: Connect): Probe {
  return async (address, signal) => {
    const conn = await connect(address, signal);
    conn.close();
  };
}
