import { LOWER } from "./chars.ts";

/** Fields that are asked about in each message; 0 is every other field. Below 32: see `FieldList`. */
export const FIELD = {
  other: 0,
  contentLength: 1,
  transferEncoding: 2,
  host: 3,
  connection: 4,
  expect: 5,
  upgrade: 6,
  te: 7,
  keepAlive: 8,
  proxyConnection: 9,
  http2Settings: 10,
  trailer: 11,
  date: 12,
  forwarded: 13,
  requestId: 14,
  /** `X-Forwarded-*` and `X-Real-IP`: what somebody says of where a request came from. */
  hearsay: 15,
} as const;

/** One of the values of {@linkcode FIELD}. */
export type FieldId = typeof FIELD[keyof typeof FIELD];

interface KnownName {
  readonly name: string;
  readonly hash: number;
  readonly id: FieldId;
}

/** Known names by length, so that most fields are told apart by their length alone. */
const KNOWN_BY_LENGTH: readonly (readonly KnownName[])[] = createKnown({
  "content-length": FIELD.contentLength,
  "transfer-encoding": FIELD.transferEncoding,
  "host": FIELD.host,
  "connection": FIELD.connection,
  "expect": FIELD.expect,
  "upgrade": FIELD.upgrade,
  "te": FIELD.te,
  "keep-alive": FIELD.keepAlive,
  "proxy-connection": FIELD.proxyConnection,
  "http2-settings": FIELD.http2Settings,
  "trailer": FIELD.trailer,
  "date": FIELD.date,
  "forwarded": FIELD.forwarded,
  "x-request-id": FIELD.requestId,
});
const NONE: readonly KnownName[] = [];

/** One more byte of a name in its hash; names are hashed in lower case. */
export function hashStep(hash: number, lowerByte: number): number {
  return (hash * 31 + lowerByte) & 0x3ffffff;
}

/** Hash of a field name in any case. */
export function hashName(name: string): number {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = hashStep(hash, LOWER[name.charCodeAt(i) & 255]!);
  return hash;
}

/** Whether characters `from` to `to` of `text` are `lowerName` in any case. */
export function isName(text: string, from: number, to: number, lowerName: string): boolean {
  if (to - from !== lowerName.length) return false;
  for (let i = 0; i < lowerName.length; i++) {
    if (LOWER[text.charCodeAt(from + i)] !== lowerName.charCodeAt(i)) return false;
  }
  return true;
}

/**
 * Whether characters `from` to `to` of `text` begin with `lowerPrefix` in any case, with "_" taken
 * for "-": to CGI and whatever came after it (RFC 3875 section 4.1.18) both are the same name.
 */
function beginsName(text: string, from: number, to: number, lowerPrefix: string): boolean {
  if (to - from < lowerPrefix.length) return false;
  for (let i = 0; i < lowerPrefix.length; i++) {
    const code = text.charCodeAt(from + i);
    if ((code === UNDERSCORE ? HYPHEN : LOWER[code]) !== lowerPrefix.charCodeAt(i)) return false;
  }
  return true;
}

const HYPHEN = 0x2d;
const UNDERSCORE = 0x5f;

/** Which known field characters `from` to `to` of `text`, with hash `hash`, name. */
export function identify(text: string, from: number, to: number, hash: number): FieldId {
  const known = KNOWN_BY_LENGTH[to - from] ?? NONE;
  for (let i = 0; i < known.length; i++) {
    const entry = known[i]!;
    // Anyone can make a name with the same hash.
    if (entry.hash === hash && isName(text, from, to, entry.name)) return entry.id;
  }
  return isHearsay(text, from, to) ? FIELD.hearsay : FIELD.other;
}

function isHearsay(text: string, from: number, to: number): boolean {
  if (LOWER[text.charCodeAt(from)] !== LOWER_X) return false;
  return beginsName(text, from, to, "x-forwarded-") || beginsName(text, from, to, "x-real-ip");
}

const LOWER_X = 0x78;

function createKnown(names: Readonly<Record<string, FieldId>>): KnownName[][] {
  const byLength: KnownName[][] = [];
  for (const [name, id] of Object.entries(names)) {
    while (byLength.length <= name.length) byLength.push([]);
    byLength[name.length]!.push({ name, hash: hashName(name), id });
  }
  return byLength;
}
