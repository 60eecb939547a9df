import { type Address, formatAddress } from "../core/address.ts";
import { LbError, messageOf } from "../core/errors.ts";
import type { Conn, Transport } from "../net/transport.ts";

/**
 * Runs `talk` over a connection of its own, which is closed afterwards, or as soon as `signal` says
 * stop: then whatever `talk` waits for rejects.
 *
 * @throws {Error} that tells an operator why the check failed
 */
export async function overConnection(
  transport: Transport,
  { address, signal }: { readonly address: Address; readonly signal: AbortSignal },
  talk: (conn: Conn) => Promise<void>,
): Promise<void> {
  const conn = await transport.connect(address, signal);
  const close = () => conn.close();
  signal.addEventListener("abort", close);
  try {
    await talk(conn);
  } catch (error) {
    // One that Weir could not make is no failed check.
    if (error instanceof LbError) throw error;
    const reason = signal.aborted ? "no answer in time" : messageOf(error);
    throw new Error(`Check of "${formatAddress(address)}" failed: ${reason}`, { cause: error });
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}
