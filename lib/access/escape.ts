/** Most characters of one value; what a client sends can be much longer. */
export const MAX_VALUE_LENGTH = 1024;

/** Neither quote nor backslash, and of ASCII only what can be seen, and the space. */
const PLAIN = /^[ !#-[\]-~]*$/;

/**
 * A value as a JSON string of ASCII alone, so that no terminal and no reader of lines takes any of it
 * for more than text. Bytes that are UTF-8 are shown as their characters, others as the characters
 * of the same number.
 *
 * @param text one character for each byte
 */
export function jsonText(text: string): string {
  if (text.length <= MAX_VALUE_LENGTH && PLAIN.test(text)) return `"${text}"`;
  const shown = cut(decoded(text));
  let quoted = '"';
  for (let i = 0; i < shown.length; i++) quoted += jsonCharacter(shown, i);
  return `${quoted}"`;
}

/** A value between the quotes of a Combined line, escaped byte by byte as NGINX does. */
export function combinedText(text: string): string {
  if (text.length <= MAX_VALUE_LENGTH && PLAIN.test(text)) return text;
  const shown = cut(text);
  let escaped = "";
  for (let i = 0; i < shown.length; i++) {
    const character = shown[i]!;
    escaped += PLAIN.test(character)
      ? character
      : `\\x${shown.charCodeAt(i).toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return escaped;
}

function jsonCharacter(text: string, at: number): string {
  const character = text[at]!;
  if (PLAIN.test(character)) return character;
  if (character === '"' || character === "\\") return `\\${character}`;
  return `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`;
}

/** Says itself that something is missing. */
function cut(text: string): string {
  if (text.length <= MAX_VALUE_LENGTH) return text;
  const last = text.charCodeAt(MAX_VALUE_LENGTH - 1);
  // Half a character is none that JSON may hold.
  const isHalf = last >= 0xd800 && last <= 0xdbff;
  return `${text.slice(0, isHalf ? MAX_VALUE_LENGTH - 1 : MAX_VALUE_LENGTH)}...`;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decoded(text: string): string {
  const bytes = new Uint8Array(text.length);
  let isAscii = true;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) return text;
    if (code > 0x7f) isAscii = false;
    bytes[i] = code;
  }
  if (isAscii) return text;
  try {
    return utf8.decode(bytes);
  } catch {
    // No UTF-8: the bytes are shown one by one.
    return text;
  }
}
