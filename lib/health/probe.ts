import type { Address } from "../core/address.ts";

/** One active check: resolves when the backend passes, rejects with the reason when not. */
export type Probe = (address: Address, signal: AbortSignal) => Promise<void>;
