/** Headers of every answer: nothing is kept, guessed, framed or shown to pages of others. */
const STRICT_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** A request that is not done as it is; the message says why. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  /** @param status 400 to 599 */
  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** An answer for programs. */
export function json(value: unknown, status = 200): Response {
  return Response.json(value, { status });
}

/** An answer for people. */
export function text(status: number, body: string): Response {
  return new Response(`${body}\n`, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8" },
  });
}

/** The answer to a request that is not done. */
export function refusal({ status, message, headers }: RequestError): Response {
  return Response.json({ error: message }, { status, headers });
}

/** Adds the strict headers, but for those that an answer has its own of. */
export function harden(response: Response): Response {
  for (const [name, value] of Object.entries(STRICT_HEADERS)) {
    if (!response.headers.has(name)) response.headers.set(name, value);
  }
  return response;
}
