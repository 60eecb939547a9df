import { jsonText } from "./escape.ts";
import { formatMs, Stamps } from "./numbers.ts";
import type { AccessFormat, ConnectionRecord, RequestRecord } from "./record.ts";

/**
 * One JSON object a line. Written by hand, of as few pieces as will do: `JSON.stringify` takes twice as
 * long, and leaves characters as they are that end a line or move a cursor elsewhere.
 */
export class JsonFormat implements AccessFormat {
  readonly #stamps = new Stamps();
  readonly #listener: string;
  /** Texts of the backends that there have been, by upstream. The configuration bounds them. */
  readonly #backends = new Map<string, Map<string, string>>();

  constructor(listener: string) {
    this.#listener = `","listener":${jsonText(listener)}`;
  }

  request(record: RequestRecord, timeMs: number, share: number): string {
    const { upstream, reason, cut } = record;
    return '{"time":"' + this.#stamps.iso(timeMs) + this.#listener + client(record.client) +
      (record.method === "" ? "" : asked(record)) + ',"status":' + record.status +
      ',"bytes_in":' + record.bytesIn + ',"bytes_out":' + record.bytesOut +
      (upstream === undefined ? "" : this.#forwarded(record, upstream)) +
      ',"duration_ms":' + formatMs(record.totalMs) +
      (reason === undefined ? "" : `,"reason":${jsonText(reason)}`) +
      (cut === undefined ? "" : `,"cut":${jsonText(cut)}`) + told(record) + end(share);
  }

  connection(record: ConnectionRecord, timeMs: number, share: number): string {
    return '{"time":"' + this.#stamps.iso(timeMs) + this.#listener + client(record.client) +
      this.#target(record.upstream, record.backend) + ',"bytes_in":' + record.bytesIn +
      ',"bytes_out":' + record.bytesOut + ',"connect_ms":' + formatMs(record.connectMs) +
      ',"duration_ms":' + formatMs(record.totalMs) +
      (record.retries > 0 ? `,"retries":${record.retries}` : "") +
      `,"end":${jsonText(record.end)}` + end(share);
  }

  #forwarded(record: RequestRecord, upstream: string): string {
    const { backend, queueMs, connectMs, firstByteMs, retries } = record;
    return this.#target(upstream, backend) +
      (queueMs > 0 ? `,"queue_ms":${formatMs(queueMs)}` : "") +
      (connectMs > 0 ? `,"connect_ms":${formatMs(connectMs)}` : "") +
      (firstByteMs >= 0 ? `,"first_byte_ms":${formatMs(firstByteMs)}` : "") +
      (retries > 0 ? `,"retries":${retries}` : "");
  }

  #target(upstream: string, backend = ""): string {
    let known = this.#backends.get(upstream);
    if (known === undefined) this.#backends.set(upstream, known = new Map());
    let text = known.get(backend);
    if (text === undefined) known.set(backend, text = target(upstream, backend));
    return text;
  }
}

function target(upstream: string, backend: string): string {
  const text = `,"upstream":${jsonText(upstream)}`;
  return backend === "" ? text : `${text},"backend":${jsonText(backend)}`;
}

/** An address is plain: it was parsed or came from the system. */
function client(address: string | undefined): string {
  return address === undefined ? "" : ',"client":"' + address + '"';
}

/** What methods are made of is plain (RFC 9110 section 5.6.2). */
function asked({ method, target, version, host }: RequestRecord): string {
  return ',"method":"' + method + '","target":' + jsonText(target) +
    (version === 11 ? ',"protocol":"HTTP/1.1","host":' : ',"protocol":"HTTP/1.0","host":') +
    jsonText(host);
}

function told({ requestId, userAgent, referer }: RequestRecord): string {
  return (requestId === undefined ? "" : ',"request_id":' + jsonText(requestId)) +
    (userAgent === undefined ? "" : ',"user_agent":' + jsonText(userAgent)) +
    (referer === undefined ? "" : ',"referer":' + jsonText(referer));
}

/** A line that stands for others says for how many. */
function end(share: number): string {
  return share === 1 ? "}\n" : `,"sample":${share}}\n`;
}
