import { combinedText } from "./escape.ts";
import { formatSeconds, Stamps } from "./numbers.ts";
import type { AccessFormat, ConnectionRecord, RequestRecord } from "./record.ts";

/**
 * The Combined format of Apache and NGINX, and for TCP connections what the documentation of NGINX
 * calls the basic format of streams. Times are UTC.
 */
export class CombinedFormat implements AccessFormat {
  readonly #stamps = new Stamps();

  request(record: RequestRecord, timeMs: number): string {
    const { bytesOut, headBytes, userAgent = "-", referer = "-" } = record;
    return `${record.client ?? "-"} - - [${this.#stamps.common(timeMs)}] "${
      requestLine(record)
    }" ${record.status} ${Math.max(0, bytesOut - headBytes)} "${combinedText(referer)}" "${
      combinedText(userAgent)
    }"\n`;
  }

  connection(record: ConnectionRecord, timeMs: number): string {
    return `${record.client ?? "-"} [${this.#stamps.common(timeMs)}] TCP ${
      streamStatus(record.end)
    } ${record.bytesOut} ${record.bytesIn} ${formatSeconds(record.totalMs)}\n`;
  }
}

function requestLine({ method, target, version }: RequestRecord): string {
  if (method === "") return "-";
  return `${combinedText(method)} ${combinedText(target)} HTTP/1.${version === 11 ? 1 : 0}`;
}

/** As NGINX has them for streams: 200 done, 502 no backend, 503 over a limit, 500 for the rest. */
function streamStatus(end: string): number {
  return STREAM_STATUS[end] ?? 500;
}

const STREAM_STATUS: Readonly<Record<string, number>> = {
  done: 200,
  client_error: 400,
  server_error: 502,
  timeout: 200,
  no_backend: 502,
  rate_limited: 503,
  queue_full: 503,
  queue_timeout: 503,
};
