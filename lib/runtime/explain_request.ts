import type { ExplainQuestion } from "../admin/explain_question.ts";
import { RequestError } from "../admin/respond.ts";
import type { HttpListenerConfig } from "../config/types.ts";
import { DEFAULT_HEAD_LIMITS } from "../http/limits.ts";
import { parseRequestHead, type RequestHead } from "../http/request_head.ts";
import { decodeLatin1Fast } from "../net/latin1.ts";

/** Where a question's URL leads to. */
export interface QuestionUrl {
  readonly protocol: "tcp" | "http";
  /** Without brackets. */
  readonly hostname: string;
  readonly port: number;
  /** As the client would send it. */
  readonly authority: string;
  /** Path and query as they are written: nothing is resolved or encoded. */
  readonly target: string;
}

/** Takes the URL of a question apart. @throws {RequestError} */
export function readQuestion({ url }: ExplainQuestion): QuestionUrl {
  const match = /^(https?|tcp):\/\/([^/?#]+)([^#]*)/i.exec(url);
  const [, scheme = "", authority = "", rest = ""] = match ?? [];
  const isHttp = scheme.toLowerCase() !== "tcp";
  if (match === null || !URL.canParse(`http://${authority}`) || /[\s@]/.test(authority)) {
    throw new RequestError(
      400,
      `"url" must be like http://host:8080/path or tcp://host:8080: current value is "${
        url.slice(0, 200)
      }"`,
    );
  }
  const { hostname, port } = new URL(`http://${authority}`);
  const usual = scheme.toLowerCase() === "https" ? 443 : 80;
  return {
    protocol: isHttp ? "http" : "tcp",
    hostname: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? usual : Number(port),
    authority,
    target: rest.startsWith("/") ? rest : `/${rest}`,
  };
}

/**
 * The request of a question as the listener would read it off the wire.
 *
 * @throws {HttpParseError} when it would refuse the request
 * @throws {RequestError} when the question is no request at all
 */
export function headOf(question: ExplainQuestion, { limits }: HttpListenerConfig): RequestHead {
  const { authority, target } = readQuestion(question);
  const { method = "GET", headers = [] } = question;
  const hasHost = headers.some(([name]) => name.toLowerCase() === "host");
  const lines = [
    `${method} ${target} HTTP/1.1`,
    ...(hasHost ? [] : [`host: ${authority}`]),
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  if (lines.some((line) => /[\r\n\0]/.test(line))) {
    throw new RequestError(400, "Request must not contain line breaks");
  }
  const bytes = new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`);
  const { headBytes, fieldCount } = limits;
  const headLimits = { ...DEFAULT_HEAD_LIMITS, headBytes, fieldCount };
  return parseRequestHead(bytes, 0, bytes.length, headLimits, decodeLatin1Fast);
}
