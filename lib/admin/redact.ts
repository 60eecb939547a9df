/** What stands for a secret. */
export const HIDDEN = "(hidden)";

/** Names whose text nobody is shown. Paths of files that hold a secret are none. */
const SECRET_NAME =
  /(secret|token|password|passphrase|credential|api-?key|authorization|cookie$|private)(?!.*(file|name)$)/i;
/** `user:password@` of a URL. */
const USER_INFO = /(\b[a-z][a-z\d+.-]*:\/\/)[^\s/?#@]*@/gi;
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
/** Settings that name a cookie or header, and do not hold one. */
const NAMES = new Set(["cookie"]);

/** A copy of plain data without what is secret in it. */
export function redact(value: unknown): unknown {
  if (typeof value === "string") return redactText(value);
  if (Array.isArray(value)) return isNamedValue(value) ? redactPair(value) : value.map(redact);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, redactNamed(name, item)]),
  );
}

function redactNamed(name: string, value: unknown): unknown {
  const isSecret = typeof value === "string" && value !== "" && value !== "*" && isSecretName(name);
  return isSecret ? HIDDEN : redact(value);
}

/** Whether the text of a setting of this name is shown to nobody. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !NAMES.has(name);
}

/** A text without what is secret in it. */
export function redactText(text: string): string {
  return PRIVATE_KEY.test(text) ? HIDDEN : text.replace(USER_INFO, `$1${HIDDEN}@`);
}

/** A header field, as changes of headers list them. */
function isNamedValue(value: readonly unknown[]): value is readonly [string, string] {
  return value.length === 2 && typeof value[0] === "string" && typeof value[1] === "string";
}

function redactPair([name, value]: readonly [string, string]): readonly [string, string] {
  const isSecret = SECRET_NAME.test(name) || /^(set-)?cookie$/i.test(name);
  return [redactText(name), isSecret ? HIDDEN : redactText(value)];
}
