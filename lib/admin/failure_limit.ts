/** Failures that a client may have at once. */
const BURST = 10;
/** One of them is forgiven after this time. */
const FORGIVE_MS = 6000;
/** Clients that are remembered; the one whose failure is oldest goes first. */
const MAX_CLIENTS = 1024;

/**
 * How often each client may fail to show the right token: ten times, and ten times a minute after
 * that. A guess has at least 16 characters to get right, so that this keeps the log and the processor
 * quiet rather than the token secret.
 */
export class FailureLimit {
  readonly #now: () => number;
  /** When all failures of a client will be forgiven. */
  readonly #clearAtMs = new Map<string, number>();

  /** @param now monotonic milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Milliseconds until the client may try; 0: now. */
  waitMs(address: string): number {
    const clearAtMs = this.#clearAtMs.get(clientOf(address)) ?? 0;
    return Math.max(0, clearAtMs - this.#now() - (BURST - 1) * FORGIVE_MS);
  }

  fail(address: string): void {
    const client = clientOf(address);
    const nowMs = this.#now();
    const clearAtMs = Math.max(nowMs, this.#clearAtMs.get(client) ?? 0) + FORGIVE_MS;
    // In the order of their last failures.
    this.#clearAtMs.delete(client);
    this.#clearAtMs.set(client, clearAtMs);
    if (this.#clearAtMs.size <= MAX_CLIENTS) return;
    for (const oldest of this.#clearAtMs.keys()) {
      this.#clearAtMs.delete(oldest);
      return;
    }
  }
}

/** An IPv6 client has a whole /64 to call from; IPv4 clients share one where they come over IPv6. */
function clientOf(peer: string): string {
  const address = peer.replace(/^::ffff:(?=[\d.]+$)/i, "");
  if (!address.includes(":") || !URL.canParse(`http://[${address}]`)) return address;
  const [head = "", tail = ""] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = head === "" ? [] : head.split(":");
  const rest = tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: 8 - groups.length - rest.length }, () => "0");
  return [...groups, ...zeros, ...rest].slice(0, 4).join(":");
}
