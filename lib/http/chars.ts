/** Classes of bytes, as flags in {@linkcode CLASS}. RFC 9110 section 5, RFC 9112 section 3. */
export const TOKEN = 1;
/** HTAB, SP, VCHAR and obs-text: what a field value may hold. */
export const TEXT = 2;
/** What a request target may hold: ASCII VCHAR without `#`, which starts a fragment. */
export const TARGET = 4;
/** Letters, digits and marks of a host name. A comma is valid there, but reads like two hosts. */
export const HOST_CHAR = 8;
/** `0` to `9`. */
export const DIGIT = 16;
/** `A` to `Z`. */
export const UPPER = 32;
/** Bytes above ASCII. */
export const HIGH = 64;

export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const COLON = 0x3a;

/** Flags of each byte. */
export const CLASS: Uint8Array = createClasses();
/** Each byte with `A` to `Z` in lower case. */
export const LOWER: Uint8Array = createLower();
/** Value of each hexadecimal digit, 255 for every other byte. */
export const HEX: Uint8Array = createHex();

function createClasses(): Uint8Array {
  const classes = new Uint8Array(256);
  const mark = (characters: string, flag: number) => {
    for (let i = 0; i < characters.length; i++) classes[characters.charCodeAt(i)]! |= flag;
  };
  const digits = "0123456789";
  const lower = "abcdefghijklmnopqrstuvwxyz";
  const letters = lower + lower.toUpperCase();
  mark(digits + letters + "!#$%&'*+-.^_`|~", TOKEN);
  mark(digits + letters + "-._~%!$&'()*+;=", HOST_CHAR);
  mark(digits, DIGIT);
  mark(lower.toUpperCase(), UPPER);
  for (let byte = 0x21; byte < 0x7f; byte++) classes[byte]! |= byte === 0x23 ? TEXT : TEXT | TARGET;
  for (let byte = 0x80; byte < 0x100; byte++) classes[byte]! |= TEXT | HIGH;
  classes[SPACE]! |= TEXT;
  classes[HTAB]! |= TEXT;
  return classes;
}

function createLower(): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => byte >= 65 && byte <= 90 ? byte + 32 : byte);
}

function createHex(): Uint8Array {
  const hex = new Uint8Array(256).fill(255);
  for (let value = 0; value < 16; value++) {
    const digit = value.toString(16);
    hex[digit.charCodeAt(0)] = value;
    hex[digit.toUpperCase().charCodeAt(0)] = value;
  }
  return hex;
}
