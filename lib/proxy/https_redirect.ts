import type { RequestHead } from "../http/request_head.ts";
import type { LocalAnswer } from "./local_answer.ts";

/** Where TLS is, and how to say so. */
export interface HttpsPlace {
  readonly port: number;
  /** A redirection with a `Location`. */
  readonly status: number;
}

/** Sends a client to the same host, path and query with https. */
export function httpsRedirect(head: RequestHead, { port, status }: HttpsPlace): LocalAnswer {
  // Only HTTP/1.0 may do without: there is nowhere to send it.
  if (head.host === "") return { status: 400, reason: "no_host" };
  const authority = port === HTTPS_PORT ? head.host : `${head.host}:${port}`;
  const path = head.form === "asterisk" ? "/" : head.path;
  const query = head.query === undefined ? "" : `?${head.query}`;
  const location = `https://${authority}${path}${query}`;
  return { status, reason: "https_redirect", fields: [["Location", location]] };
}

const HTTPS_PORT = 443;
