import type { StatusLook, WantedState } from "./status.ts";

/** What the admin interface did not do; the message says why. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const DEADLINE_MS = 10_000;

/** @throws {ApiError} */
export async function readStatus(): Promise<StatusLook> {
  const response = await call("GET", "/api/v1/status");
  return await response.json() as StatusLook;
}

/** The page for Prometheus; `undefined` where there is none. @throws {ApiError} */
export async function readMetrics(): Promise<string | undefined> {
  try {
    return await (await call("GET", "/metrics")).text();
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

/** Changes one backend. @throws {ApiError} */
export async function changeBackend(
  upstream: string,
  backend: string,
  change: { readonly state?: WantedState; readonly weight?: number },
): Promise<void> {
  const names = [upstream, backend].map(encodeURIComponent);
  await call("PATCH", `/api/v1/upstreams/${names[0]}/backends/${names[1]}`, change);
}

/** Gets a cookie for the token. @throws {ApiError} */
export async function login(token: string): Promise<void> {
  await call("POST", "/api/v1/login", { token });
}

/** Gives the cookie back. @throws {ApiError} */
export async function logout(): Promise<void> {
  await call("POST", "/api/v1/logout");
}

async function call(method: string, path: string, body?: unknown): Promise<Response> {
  const response = await ask(method, path, body);
  if (response.ok) return response;
  throw new ApiError(response.status, await problemOf(response));
}

async function ask(method: string, path: string, body: unknown): Promise<Response> {
  const json = { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  try {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    return await fetch(path, { method, signal, ...(body === undefined ? {} : json) });
  } catch {
    throw new ApiError(0, "Weir does not answer");
  }
}

async function problemOf(response: Response): Promise<string> {
  const wait = response.headers.get("retry-after");
  const later = wait === null ? "" : `: try again in ${wait} s`;
  try {
    const { error } = await response.json() as { error?: unknown };
    if (typeof error === "string") return error + later;
  } catch {
    // No JSON: the status has to do.
  }
  return `Weir answers ${response.status}${later}`;
}
