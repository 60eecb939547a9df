import type { Backend } from "../core/types.ts";

/** Characters of a token: 128 bits in base64url. */
const TOKEN_LENGTH = 22;
const TOKEN_BYTES = 16;
/** A cookie that begins later in the field than this is not looked for. */
const MAX_COOKIE_LENGTH = 16_384;

/**
 * Which cookie value belongs to which backend of one upstream.
 *
 * A value is an HMAC of the backend's id. It tells nobody the address, cannot be made up without
 * the secret, is the same in every thread and after a restart, and needs no memory per client.
 */
export class StickyTable {
  readonly #prefix: string;
  readonly #byToken = new Map<string, Backend>();
  readonly #cookies = new Map<string, Cookies>();

  private constructor(cookieName: string) {
    this.#prefix = `${cookieName}=`;
  }

  /**
   * Computes the token of each backend.
   *
   * @param cookieName a token of RFC 9110
   * @param ttlMs how long a client keeps the cookie, in milliseconds; rounded up to seconds
   * @throws {RangeError} when the name is no token, or the secret is empty
   */
  static async create(
    cookieName: string,
    secret: string,
    ttlMs: number,
    backends: Iterable<Backend>,
  ): Promise<StickyTable> {
    if (!isCookieName(cookieName)) {
      throw new RangeError(`Cannot build sticky sessions: "${cookieName}" is no name of a cookie`);
    }
    if (secret === "") throw new RangeError("Cannot build sticky sessions: the secret is empty");
    const table = new StickyTable(cookieName);
    const key = await importKey(secret);
    // Max-Age=0 would delete it.
    const maxAge = Math.max(1, Math.ceil(ttlMs / 1000));
    for (const backend of backends) table.#add(backend, await sign(key, backend.id), maxAge);
    return table;
  }

  /** The backend that a request's `Cookie` field names; `undefined` when none, or none of ours. */
  backendFor(cookieHeader: string | undefined): Backend | undefined {
    if (cookieHeader === undefined) return undefined;
    const end = Math.min(cookieHeader.length, MAX_COOKIE_LENGTH);
    for (let at = 0; at < end;) {
      const semicolon = cookieHeader.indexOf(";", at);
      const stop = semicolon === -1 ? cookieHeader.length : semicolon;
      const backend = this.#backendIn(cookieHeader, at, stop);
      // One of the same name from another path may stand before ours.
      if (backend !== undefined) return backend;
      at = stop + 1;
    }
    return undefined;
  }

  /**
   * Value of the `Set-Cookie` field that binds a client to `backend`.
   *
   * @param secure the client came over TLS
   * @throws {RangeError} when the table was built without that backend
   */
  setCookie(backend: Backend, secure: boolean): string {
    const cookies = this.#cookies.get(backend.id);
    if (cookies === undefined) {
      throw new RangeError(`Cannot make cookie for "${backend.id}": it is no backend of the table`);
    }
    return secure ? cookies.secure : cookies.plain;
  }

  #add(backend: Backend, token: string, maxAge: number): void {
    const plain = `${this.#prefix}${token}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax`;
    this.#byToken.set(token, backend);
    this.#cookies.set(backend.id, { plain, secure: `${plain}; Secure` });
  }

  /** The backend that the pair in `header` from `start` to `stop` names. */
  #backendIn(header: string, start: number, stop: number): Backend | undefined {
    let at = start;
    while (at < stop && isSpace(header.charCodeAt(at))) at++;
    const tokenAt = at + this.#prefix.length;
    if (stop - tokenAt !== TOKEN_LENGTH || !header.startsWith(this.#prefix, at)) return undefined;
    return this.#byToken.get(header.slice(tokenAt, stop));
  }
}

/** What is sent to the client for one backend. */
interface Cookies {
  readonly plain: string;
  readonly secure: string;
}

function importKey(secret: string): Promise<CryptoKey> {
  const bytes = new TextEncoder().encode(secret);
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

async function sign(key: CryptoKey, backendId: string): Promise<string> {
  const digest = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(backendId));
  const bytes = new Uint8Array(digest, 0, TOKEN_BYTES);
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

/** `token` of RFC 9110 section 5.6.2. */
function isCookieName(name: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/.test(name);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
