/** Where a socket can be opened: a TCP endpoint or a Unix socket path. */
export type Address = TcpAddress | UnixAddress;

/** A TCP endpoint. */
export interface TcpAddress {
  readonly kind: "tcp";
  /** IP literal without brackets, or a host name. `"::"` is every address of both families. */
  readonly hostname: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** A Unix stream socket. */
export interface UnixAddress {
  readonly kind: "unix";
  /** Absolute path of the socket file. */
  readonly path: string;
}

/** Text form of an address: `10.0.0.1:80`, `[::1]:80`, `unix:/run/app.sock`. */
export function formatAddress(address: Address): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  return `${formatHost(address.hostname)}:${address.port}`;
}

/** A host as it stands before a colon: IPv6 literals get brackets. */
export function formatHost(hostname: string): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}

/**
 * Reads `host:port`, `[v6]:port`, `:port` (every address of both families) or `unix:/path`.
 *
 * @throws {SyntaxError} naming what is wrong and what is wanted.
 */
export function parseAddress(text: string): Address {
  if (text.startsWith("unix:")) return parseUnix(text.slice("unix:".length));
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(text);
  if (match === null) throw new SyntaxError(explainShape(text));
  const [, bracketed, plain, portText = ""] = match;
  const hostname = bracketed === undefined ? parseHost(plain ?? "") : parseIpv6(bracketed);
  return { kind: "tcp", hostname, port: parsePort(portText) };
}

/**
 * Reads a TCP port.
 *
 * @throws {SyntaxError} when `text` is not a whole number from 1 to 65535.
 */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (port >= 1 && port <= 65535) return port;
  throw new SyntaxError(`port must be a whole number from 1 to 65535`);
}

/**
 * Reads a host: a name, an IPv4 literal, or an IPv6 literal with or without brackets.
 *
 * @throws {SyntaxError} when it is neither.
 */
export function parseHost(text: string): string {
  if (text === "") return "::";
  if (text.startsWith("[") && text.endsWith("]")) return parseIpv6(text.slice(1, -1));
  if (text.includes(":")) return parseIpv6(text);
  // "0x7f.1" and "2130706433" are IPv4 to the resolver of the system, so they are no names here.
  if (/^[\d.]+$|^(0x[\da-f]*|\d+)(\.(0x[\da-f]*|\d+))*$/i.test(text)) return parseIpv4(text);
  const label = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;
  const labels = text.replace(/\.$/, "").split(".");
  if (text.length <= 253 && labels.every((part) => label.test(part))) return text;
  throw new SyntaxError(`host must be a name or an IP address`);
}

function parseIpv4(text: string): string {
  const octets = text.split(".");
  const valid = octets.length === 4 &&
    octets.every((octet) => /^(0|[1-9]\d{0,2})$/.test(octet) && Number(octet) <= 255);
  if (valid) return text;
  throw new SyntaxError(`host must be four numbers from 0 to 255, like 127.0.0.1`);
}

function parseIpv6(text: string): string {
  // The URL parser is the one IPv6 parser at hand that knows every form of RFC 4291 section 2.2.
  if (/^[0-9A-Fa-f:.]+$/.test(text) && URL.canParse(`http://[${text}]/`)) {
    return new URL(`http://[${text}]/`).hostname.slice(1, -1);
  }
  throw new SyntaxError(`host in brackets must be an IPv6 address, like [::1]`);
}

function parseUnix(path: string): UnixAddress {
  // sockaddr_un.sun_path holds 108 bytes with its NUL.
  const sizeBytes = new TextEncoder().encode(path).length;
  if (!path.startsWith("/")) throw new SyntaxError(`unix socket path must be absolute`);
  if (path.endsWith("/")) throw new SyntaxError(`unix socket path must name a file`);
  if (sizeBytes > 107) throw new SyntaxError(`unix socket path must be at most 107 bytes`);
  if (/\p{Cc}/u.test(path)) {
    throw new SyntaxError(`unix socket path must not contain control characters`);
  }
  return { kind: "unix", path };
}

function explainShape(text: string): string {
  if (text.split(":").length > 2) return `an IPv6 address needs brackets, like [::1]:8080`;
  return `must be HOST:PORT, :PORT or unix:/path`;
}
