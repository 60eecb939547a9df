/** What `traceparent` says (W3C Trace Context section 3.2). */
export interface TraceParent {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits: the span of whoever sent it. */
  readonly spanId: string;
  readonly sampled: boolean;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Reads the field; `undefined` when it is not valid, and has to be taken for absent. */
export function parseTraceparent(value: string): TraceParent | undefined {
  const [, version, traceId, spanId, flags, more] = TRACEPARENT.exec(value) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  // Version 00 ends here; later ones may go on (section 4).
  if (version === "ff" || (version === "00" && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (parseInt(flags, 16) & 1) === 1 };
}

/** The field for what is sent on. */
export function formatTraceparent({ traceId, spanId, sampled }: TraceParent): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}

/**
 * An id of hex digits, not all of them zero.
 *
 * @param digits a multiple of eight
 * @param random uniform in [0, 1)
 */
export function randomId(digits: number, random: () => number): string {
  let id = "";
  while (id.length < digits) id += Math.floor(random() * 2 ** 32).toString(16).padStart(8, "0");
  return /^0+$/.test(id) ? `${id.slice(1)}1` : id;
}
