import { FieldList } from "../http/fields.ts";
import { type Framing, NO_BODY } from "../http/framing.ts";
import { formatHttpDate } from "../http/http_date.ts";
import { reasonPhrase } from "../http/reason_phrase.ts";
import { hasNoBody } from "../http/response_head.ts";
import { type ResponseParts, writeResponseHead } from "../http/serialize.ts";

/** An answer that Weir makes itself. */
export interface LocalAnswer {
  readonly status: number;
  /** The machine-readable word of `X-Weir-Reason`. */
  readonly reason: string;
  /** Seconds until it makes sense to come again; with 429 and 503 it is 1 unless it is set. */
  readonly retryAfterS?: number;
  readonly body?: { readonly text: string; readonly contentType: string };
  /** Further fields, such as `Location`. */
  readonly fields?: readonly (readonly [name: string, value: string])[];
}

/** What the request wants of the form of an answer. */
export interface AnswerForm {
  readonly isHead: boolean;
  /** Value of `Accept`, absent when there is none. */
  readonly accept: string | undefined;
  readonly keepAlive: boolean;
  /** The client speaks HTTP/1.0 and wants to hear that the connection stays. */
  readonly isOld: boolean;
  /** Value of Strict-Transport-Security; absent: none. */
  readonly hsts?: string | undefined;
}

/** The whole answer as bytes. */
export function writeLocalAnswer(answer: LocalAnswer, form: AnswerForm): Uint8Array {
  const { status, reason } = answer;
  const phrase = reasonPhrase(status);
  // What such an answer brought would be taken for the next one.
  const isEmpty = hasNoBody(status);
  const { text, contentType } = isEmpty
    ? EMPTY
    : answer.body ?? defaultBody(status, phrase, reason, form.accept);
  const body = new TextEncoder().encode(text);
  const fields = new FieldList();
  fields.append("Date", formatHttpDate(Date.now()));
  if (text !== "") fields.append("Content-Type", contentType);
  fields.append("X-Weir-Reason", reason);
  if (status === 429 || status === 503) {
    fields.append("Retry-After", String(answer.retryAfterS ?? 1));
  }
  for (const [name, value] of answer.fields ?? []) fields.append(name, value);
  if (form.hsts !== undefined) fields.set("Strict-Transport-Security", form.hsts);
  if (!form.keepAlive) fields.append("Connection", "close");
  else if (form.isOld) fields.append("Connection", "keep-alive");
  const framing: Framing = isEmpty ? NO_BODY : { kind: "length", length: body.length };
  const head = writeHead({ status, reason: phrase, fields, framing });
  if (form.isHead || body.length === 0) return head;
  const whole = new Uint8Array(head.length + body.length);
  whole.set(head);
  whole.set(body, head.length);
  return whole;
}

/** How many of an answer's bytes are its head. */
export function headLength(answer: Uint8Array): number {
  for (let at = 3; at < answer.length; at++) {
    // Nothing in a head that Weir writes has two ends of lines in a row but its end.
    if (answer[at] === LF && answer[at - 2] === LF) return at + 1;
  }
  return answer.length;
}

const LF = 0x0a;

const EMPTY = { text: "", contentType: "" };

function writeHead(parts: ResponseParts): Uint8Array {
  for (let size = USUAL_HEAD_BYTES;; size *= 4) {
    const head = new Uint8Array(size);
    const end = writeResponseHead(head, 0, parts);
    if (end !== -1) return head.subarray(0, end);
  }
}

/** All but the longest `Location` fit. */
const USUAL_HEAD_BYTES = 1024;

/** A few words for people or for programs, as they asked. */
function defaultBody(status: number, phrase: string, reason: string, accept: string | undefined) {
  const wanted = accept?.toLowerCase() ?? "";
  if (wanted.includes("json")) {
    const text = `${JSON.stringify({ status, error: phrase, reason })}\n`;
    return { text, contentType: "application/json" };
  }
  if (!wanted.includes("html")) {
    return { text: `${status} ${phrase}: ${reason}\n`, contentType: "text/plain; charset=utf-8" };
  }
  // Neither holds anything that a stranger wrote.
  const text = `<!doctype html><title>${status} ${phrase}</title><h1>${status} ${phrase}</h1>` +
    `<p>${reason}</p>\n`;
  return { text, contentType: "text/html; charset=utf-8" };
}
