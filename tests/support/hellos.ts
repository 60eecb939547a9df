/** A ClientHello as a real client sent it, in Base64, and what stands in it. */
export interface CapturedHello {
  readonly client: string;
  readonly base64: string;
  readonly serverName: string | undefined;
  readonly alpn: readonly string[];
}

/** What clients of Debian 13 and Deno 2.9.6 send. */
export const CAPTURED_HELLOS: readonly CapturedHello[] = [
  {
    client: "openssl s_client",
    base64: "FgMBAU4BAAFKAwNzoECKyrpRuSGiTtC1Aj8F1GWNxiP6lfeaxgMar2AhDiC6o3i29nO+KvnDltejspjlev2F" +
      "63sdHYGLmmLsa2mwjQA+EwITAxMBwCzAMACfzKnMqMyqwCvALwCewCTAKABrwCPAJwBnwArAFAA5wAnAEwAz" +
      "AJ0AnAA9ADwANQAvAP8BAADDAAAAFAASAAAPQXBpLkV4YW1wbGUuY29tAAsABAMAAQIACgAWABQAHQAXAB4A" +
      "GQAYAQABAQECAQMBBAAjAAAAEAAOAAwCaDIIaHR0cC8xLjEAFgAAABcAAAANACoAKAQDBQMGAwgHCAgICQgK" +
      "CAsIBAgFCAYEAQUBBgEDAwMBAwIEAgUCBgIAKwAJCAMEAwMDAgMBAC0AAgEBADMAJgAkAB0AIF38zzhigtmE" +
      "DZPGqE1XPIBSbXllHXGS5oMCa1VErYUt",
    serverName: "api.example.com",
    alpn: ["h2", "http/1.1"],
  },
  {
    client: "openssl s_client -tls1_2",
    base64: "FgMBAM8BAADLAwO4Fq0VHwiAs8ciXq1yOsTARjm+ni5Kxo0SHbjMoCkpdQAAOMAswDAAn8ypzKjMqsArwC8A" +
      "nsAkwCgAa8AjwCcAZ8AKwBQAOcAJwBMAMwCdAJwAPQA8ADUALwD/AQAAagAAABQAEgAAD29sZC5leGFtcGxl" +
      "LmNvbQALAAQDAAECAAoADAAKAB0AFwAeABkAGAAjAAAAFgAAABcAAAANACoAKAQDBQMGAwgHCAgICQgKCAsI" +
      "BAgFCAYEAQUBBgEDAwMBAwIEAgUCBgI=",
    serverName: "old.example.com",
    alpn: [],
  },
  {
    client: "openssl s_client -noservername",
    base64: "FgMBASQBAAEgAwOh/zATLxBSNrpdLxZGrUbsFNVKgxJsbMlWzDdOpqV9TSD7JygH6oa0VFi5/QiizTjiz8pU" +
      "s7PRrIJwVfn0WcH69wA+EwITAxMBwCzAMACfzKnMqMyqwCvALwCewCTAKABrwCPAJwBnwArAFAA5wAnAEwAz" +
      "AJ0AnAA9ADwANQAvAP8BAACZAAsABAMAAQIACgAWABQAHQAXAB4AGQAYAQABAQECAQMBBAAjAAAAFgAAABcA" +
      "AAANACoAKAQDBQMGAwgHCAgICQgKCAsIBAgFCAYEAQUBBgEDAwMBAwIEAgUCBgIAKwAJCAMEAwMDAgMBAC0A" +
      "AgEBADMAJgAkAB0AIMcldz4Ef6SvuPZj86Ud80HEcZUFMUxUJ99sqG5E3apB",
    serverName: undefined,
    alpn: [],
  },
  {
    client: "curl",
    base64: "FgMBAgABAAH8AwMNQNaiHaiI9YCGk0PUn9VhkrWuTM3OE+thDpoUK1HVNSBtzEn9LwCiERxZou8TUTS1YiDV" +
      "oZ0sdzkIM5072vJ7mAA+EwITAxMBwCzAMACfzKnMqMyqwCvALwCewCTAKABrwCPAJwBnwArAFAA5wAnAEwAz" +
      "AJ0AnAA9ADwANQAvAP8BAAF1AAAAFQATAAAQY3VybC5leGFtcGxlLmNvbQALAAQDAAECAAoAFgAUAB0AFwAe" +
      "ABkAGAEAAQEBAgEDAQQAEAAOAAwCaDIIaHR0cC8xLjEAFgAAABcAAAAxAAAADQAqACgEAwUDBgMIBwgICAkI" +
      "CggLCAQIBQgGBAEFAQYBAwMDAQMCBAIFAgYCACsACQgDBAMDAwIDAQAtAAIBAQAzACYAJAAdACDWJQ9KE9i0" +
      "QjCL6j+ofTmanBC268fHQMrFdOk21HPEawAVAK0AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" +
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" +
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" +
      "AAAAAAAAAAAAAAAAAA==",
    serverName: "curl.example.com",
    alpn: ["h2", "http/1.1"],
  },
  {
    client: "Deno.startTls",
    base64: "FgMBAPsBAAD3AwOm9q2D4QX662F4CXWuP+KoGZDT2nUg0mVz7dnAX29vAiCMQ35sZ1L+A6qkdYY4sOBhs+2V" +
      "ebWeTylqumi2m2VplAAUEwITARMDwCzAK8ypwDDAL8yoAP8BAACaAAsAAgEAACsABQQDBAMDAAoACgAIAB0A" +
      "FwAYEewAIwAAAC0AAgEBABAABQADAmgyABcAAAAFAAUBAAAAAAANABYAFAUDBAMGAwgHCAYIBQgEBgEFAQQB" +
      "AAAAFQATAAAQZGVuby5leGFtcGxlLmNvbQAzACYAJAAdACAW2GU0W5sKewqw8zIfFsGVq4sronxEEud8H7W1" +
      "thURSw==",
    serverName: "deno.example.com",
    alpn: ["h2"],
  },
];

/** What a made-up hello consists of. */
export interface HelloParts {
  /** Names in the list of names, by type; absent: no list. */
  readonly names?: readonly (readonly [type: number, name: string])[];
  readonly alpn?: readonly string[];
  /** Extensions before those two, by type. */
  readonly before?: readonly Extension[];
  /** Extensions after them. */
  readonly after?: readonly Extension[];
}

/** An extension: its type, and its content. */
export type Extension = readonly [type: number, content: readonly number[]];

/** A ClientHello without the head of its message. */
export function helloBody({ names, alpn, before = [], after = [] }: HelloParts): number[] {
  const extensions = [
    ...before,
    ...(names === undefined ? [] : [nameList(names)]),
    ...(alpn === undefined ? [] : [protocolList(alpn)]),
    ...after,
  ].flatMap(([type, content]) => [...word(type), ...sized(2, content)]);
  const random = Array.from({ length: 32 }, (_, index) => index);
  const ciphers = [0x0a, 0x0a, 0x13, 0x01];
  return [3, 3, ...random, ...sized(1, []), ...sized(2, ciphers), ...sized(1, [0])].concat(
    sized(2, extensions),
  );
}

/** The extension with a list of names. */
export function nameList(names: readonly (readonly [type: number, name: string])[]): Extension {
  return [0, sized(2, names.flatMap(([type, name]) => [type, ...sized(2, codes(name))]))];
}

/** The extension with a list of protocols. */
export function protocolList(protocols: readonly string[]): Extension {
  return [16, sized(2, protocols.flatMap((name) => sized(1, codes(name))))];
}

/** The whole message, in records of at most `recordBytes`. */
export function inRecords(body: readonly number[], recordBytes = 16_384): Uint8Array {
  const message = [1, body.length >> 16, ...word(body.length & 0xffff), ...body];
  const bytes: number[] = [];
  for (let at = 0; at < message.length; at += recordBytes) {
    const part = message.slice(at, at + recordBytes);
    bytes.push(22, 3, 1, ...word(part.length));
    for (const byte of part) bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

/** A hello for that name, as it comes in one record. */
export function helloFor(name: string): Uint8Array {
  return inRecords(helloBody({ names: [[0, name]] }));
}

/** The numbers of the characters, one byte each. */
function codes(text: string): number[] {
  return Array.from(text, (char) => char.charCodeAt(0) & 0xff);
}

/** Content with its length before it. */
export function sized(width: 1 | 2, content: readonly number[]): number[] {
  return [...(width === 1 ? [content.length] : word(content.length)), ...content];
}

function word(value: number): number[] {
  return [value >> 8, value & 0xff];
}
