import type { Conn } from "../net/transport.ts";
import type { KeyClient } from "./affinity_key.ts";
import { ForwardedFields } from "./forward_headers.ts";
import type { HttpFront } from "./http_route.ts";

/** Who is at the other end of a client connection, as a listener sees it. */
export class SessionClient implements KeyClient {
  /** IP address; absent on a Unix socket. */
  readonly address: string | undefined;
  readonly isTrusted: (address: string) => boolean;
  /** It may say itself where requests came from. */
  readonly isProxy: boolean;
  /** What Weir tells backends of it. */
  readonly forwarded: ForwardedFields;

  constructor({ remote }: Conn, { isTrusted, scheme }: HttpFront) {
    const address = remote?.kind === "tcp" ? remote.hostname : undefined;
    this.isProxy = address !== undefined && isTrusted(address);
    this.address = address;
    this.isTrusted = isTrusted;
    this.forwarded = new ForwardedFields({
      address,
      isTrusted: this.isProxy,
      scheme: scheme ?? "http",
    });
  }
}
