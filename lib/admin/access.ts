import { FailureLimit } from "./failure_limit.ts";
import { RequestError } from "./respond.ts";

/** What {@linkcode Access} is made from. */
export interface AccessOptions {
  /** What requests have to carry; absent: nothing. */
  readonly token: string | undefined;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Tells two admin interfaces on one machine apart: browsers give cookies to all ports. */
  readonly cookieName: string;
}

/** A browser that was given the token asks for it again after this time, in seconds. */
const SESSION_S = 12 * 3600;

/**
 * Who may use the admin interface: whoever shows the token, or the cookie that a browser got for it.
 *
 * The cookie tells nothing of the token. It is signed with a key that ends with the process.
 */
export class Access {
  readonly #options: AccessOptions;
  readonly #failures: FailureLimit;
  #key: Promise<CryptoKey> | undefined;

  constructor(options: AccessOptions) {
    this.#options = options;
    this.#failures = new FailureLimit(options.now);
  }

  /** @param address of the peer @throws {RequestError} when the request may not be done */
  async check(request: Request, address: string): Promise<void> {
    if (this.#options.token === undefined) return;
    const bearer = /^Bearer +(\S+) *$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    if (bearer !== undefined) return await this.checkToken(bearer, address);
    // A cookie cannot be guessed: one that has run out is no attempt to.
    if (await this.#hasSession(request)) return;
    throw unauthorized("Token needed: send it as `Authorization: Bearer TOKEN`");
  }

  /** @throws {RequestError} when it is not the token, or the client was wrong too often */
  async checkToken(given: string, address: string): Promise<void> {
    const { token } = this.#options;
    if (token === undefined) return;
    const waitMs = this.#failures.waitMs(address);
    if (waitMs > 0) {
      const retryAfter = String(Math.ceil(waitMs / 1000));
      throw new RequestError(429, "Too many wrong tokens", { "retry-after": retryAfter });
    }
    if (isSame(await digest(given), await digest(token))) return;
    this.#failures.fail(address);
    throw unauthorized("Token is wrong");
  }

  /** Value of the `Set-Cookie` field that stands for the token. */
  async openSession(): Promise<string> {
    const end = String(Math.floor(this.#options.now() / 1000) + SESSION_S);
    const signature = new Uint8Array(
      await crypto.subtle.sign("HMAC", await this.#sessionKey(), encode(end)),
    );
    return this.#cookie(`${end}.${signature.toHex()}`, SESSION_S);
  }

  /** Value of the `Set-Cookie` field that takes the cookie back. */
  closeSession(): string {
    return this.#cookie("", 0);
  }

  async #hasSession(request: Request): Promise<boolean> {
    const cookies = (request.headers.get("cookie") ?? "").split(";").map((pair) => pair.trim());
    const prefix = `${this.#options.cookieName}=`;
    const value = cookies.find((pair) => pair.startsWith(prefix))?.slice(prefix.length);
    const [, end, signature] = /^(\d{1,15})\.([\da-f]{64})$/.exec(value ?? "") ?? [];
    if (end === undefined || signature === undefined) return false;
    const isSigned = await crypto.subtle.verify(
      "HMAC",
      await this.#sessionKey(),
      Uint8Array.fromHex(signature),
      encode(end),
    );
    return isSigned && Number(end) > this.#options.now() / 1000;
  }

  #cookie(value: string, maxAgeS: number): string {
    const { cookieName } = this.#options;
    return `${cookieName}=${value}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Strict`;
  }

  #sessionKey(): Promise<CryptoKey> {
    this.#key ??= crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, [
      "sign",
      "verify",
    ]);
    return this.#key;
  }
}

function unauthorized(message: string): RequestError {
  return new RequestError(401, message, { "www-authenticate": 'Bearer realm="weir"' });
}

async function digest(token: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", encode(token)));
}

/** Takes the same time wherever they differ; digests, because their length tells nothing either. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let at = 0; at < a.length; at++) difference |= (a[at] ?? 0) ^ (b[at] ?? 0);
  return difference === 0;
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
