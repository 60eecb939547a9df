import type { IncomingMessage } from "node:http";
import { readToken } from "../config/admin_token.ts";
import { loadConfig, systemEnvironment } from "../config/load.ts";
import type { AdminConfig } from "../config/types.ts";
import { formatHost } from "../core/address.ts";
import { messageOf } from "../core/errors.ts";
import { existingConfigFile } from "./config_file.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { type Flag, type FlagValues, UsageError } from "./flags.ts";

/** The admin interface cannot be reached, or refuses; the message says what to do. */
export class AdminError extends Error {
  override readonly name = "AdminError";
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Flags of commands that talk to a running Weir. */
export const ADMIN_FLAGS: readonly Flag[] = [
  { name: "admin", value: "URL", help: "The admin interface, like http://127.0.0.1:9090." },
  { name: "token-file", value: "FILE", help: "File with the token that it asks for." },
  { name: "config", short: "c", value: "FILE", help: "Take both from this configuration." },
];

/** Where the admin interface is unless somebody says so. */
const DEFAULT_URL = "http://127.0.0.1:9090";
/** A reload waits for first checks and for all threads: longer than both together may take. */
export const RELOAD_TIMEOUT_MS = 60_000;
/** Answers of a process that is not stopped come at once. */
const TIMEOUT_MS = 10_000;

/** One request. */
export interface AdminRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** From the root, without the host. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Longest wait for the head of the answer, in milliseconds. @default {10000} */
  readonly timeoutMs?: number;
}

/** What came back. */
export interface AdminAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * Talks to the admin interface of a running Weir. Not with `fetch`, which would go through a proxy
 * that the environment names.
 */
export class AdminClient {
  readonly #url: URL;
  readonly #token: string | undefined;

  constructor(url: URL, token: string | undefined) {
    this.#url = url;
    this.#token = token;
  }

  /** The client that the flags ask for. @throws {UsageError | AdminError} */
  static async fromFlags(flags: FlagValues): Promise<AdminClient> {
    const given = flags["admin"];
    const configured = await configuredAdmin(flags);
    const url = typeof given === "string" ? parseUrl(given) : configured?.url;
    const isOther = url !== undefined && configured?.url.origin !== url.origin;
    const file = flags["token-file"] ?? (isOther ? undefined : configured?.tokenFile);
    const token = typeof file === "string" ? await tokenIn(file) : undefined;
    return new AdminClient(url ?? new URL(DEFAULT_URL), token);
  }

  /** What the answer holds. @throws {AdminError} when it is a refusal, or there is none */
  async json(request: AdminRequest): Promise<unknown> {
    return this.read(await this.send(request));
  }

  /** The same of an answer that is there. @throws {AdminError} when it is a refusal */
  read({ status, text }: AdminAnswer): unknown {
    if (status >= 200 && status < 300) return JSON.parse(text);
    throw new AdminError(this.#explainRefusal(status, text), EXIT.refused);
  }

  /** @throws {AdminError} when no answer comes */
  async send(request: AdminRequest): Promise<AdminAnswer> {
    const message = await this.#open(request);
    return await new Promise((resolve, reject) => {
      const chunks: Uint8Array[] = [];
      message.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      message.on("error", (error) => reject(this.#unreachable(error)));
      message.on("end", async () => {
        const text = await new Blob(chunks as BlobPart[]).text();
        resolve({ status: message.statusCode ?? 0, text });
      });
    });
  }

  /** Pieces of an answer that has no end, as they come. @throws {AdminError} */
  async *stream(path: string): AsyncGenerator<string> {
    const message = await this.#open({ method: "GET", path });
    message.setEncoding("utf8");
    if (message.statusCode !== 200) {
      let text = "";
      for await (const piece of message) text += piece;
      throw new AdminError(this.#explainRefusal(message.statusCode ?? 0, text), EXIT.refused);
    }
    try {
      for await (const piece of message) yield String(piece);
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  async #open(adminRequest: AdminRequest): Promise<IncomingMessage> {
    const { method, path, body, timeoutMs = TIMEOUT_MS } = adminRequest;
    // Not before: loading it takes 30 ms, which a balancer that starts does without.
    const { request: open } = this.#url.protocol === "https:"
      ? await import("node:https")
      : await import("node:http");
    const text = body === undefined ? undefined : JSON.stringify(body);
    return await new Promise((resolve, reject) => {
      const fail = (error: unknown) => reject(this.#unreachable(error));
      const request = open(new URL(path, this.#url), {
        method,
        headers: {
          ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
          ...(text === undefined ? {} : { "content-type": "application/json" }),
        },
        agent: false,
      }, (message) => {
        clearTimeout(timer);
        resolve(message);
      });
      const late = new Error(`no answer within ${timeoutMs / 1000} seconds`);
      const timer = setTimeout(() => request.destroy(late), timeoutMs);
      request.on("error", (error) => {
        clearTimeout(timer);
        fail(error);
      });
      request.end(text);
    });
  }

  #unreachable(cause: unknown): AdminError {
    return new AdminError(
      `cannot reach the admin interface on ${this.#url.origin}: ${messageOf(cause)}\n` +
        "Is Weir running with an `admin` section? Name another address with --admin URL",
      EXIT.unavailable,
    );
  }

  #explainRefusal(status: number, text: string): string {
    const message = errorIn(text) ?? `status ${status}`;
    const hint = status === 401 ? ": name the file with the token with --token-file FILE" : "";
    return `${this.#url.origin} refused: ${message}${hint}`;
  }
}

interface ConfiguredAdmin {
  readonly url: URL;
  readonly tokenFile: string | undefined;
}

/** What the configuration says that `run` would use; absent: nothing, or it cannot be read. */
async function configuredAdmin(flags: FlagValues): Promise<ConfiguredAdmin | undefined> {
  const named = flags["config"];
  if (typeof named === "string" || flags["admin"] === undefined) {
    const path = typeof named === "string" ? named : await existingConfigFile();
    const loaded = path === undefined ? undefined : await loadConfig(path, systemEnvironment());
    if (loaded?.ok && loaded.config.admin !== undefined) return describe(loaded.config.admin);
    if (typeof named === "string" && flags["admin"] === undefined) {
      const reason = loaded?.ok ? "it has no admin section" : "it cannot be loaded";
      throw new UsageError(`cannot take the admin interface from "${named}": ${reason}`);
    }
  }
  return undefined;
}

function describe({ address, tokenFile }: AdminConfig): ConfiguredAdmin {
  const { hostname, port } = address;
  const host = hostname === "::" || hostname === "0.0.0.0" ? "127.0.0.1" : formatHost(hostname);
  return { url: new URL(`http://${host}:${port}`), tokenFile };
}

function parseUrl(text: string): URL {
  const full = /^https?:\/\//.test(text) ? text : `http://${text}`;
  if (URL.canParse(full) && new URL(full).pathname === "/") return new URL(full);
  throw new UsageError(
    `--admin must be an address like http://127.0.0.1:9090: current value is "${text}"`,
  );
}

async function tokenIn(path: string): Promise<string> {
  const read = await readToken(path, systemEnvironment().files);
  if (read.ok) return read.token;
  throw new UsageError(`cannot read the token from "${path}": ${read.message}`);
}

function errorIn(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isError = typeof value === "object" && value !== null && "error" in value;
    return isError && typeof value.error === "string" ? value.error : undefined;
  } catch {
    // Not from Weir: the status has to do.
    return undefined;
  }
}
