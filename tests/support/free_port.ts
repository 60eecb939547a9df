/**
 * A loopback address of its own, so that tests that run at the same time never want the same port.
 * Linux answers on all of 127.0.0.0/8.
 */
export function randomLoopback(): string {
  const [a = 0, b = 0, c = 0] = crypto.getRandomValues(new Uint8Array(3));
  return `127.${1 + a % 254}.${b}.${1 + c % 254}`;
}

/** An address on which nobody listens: `127.x.y.z:port`. */
export function freeAddress(): string {
  const hostname = randomLoopback();
  using listener = Deno.listen({ hostname, port: 0 });
  return `${hostname}:${listener.addr.port}`;
}

/**
 * A port that is free on every interface. It lies below those that the kernel gives to outgoing
 * connections, one of which could otherwise take it before it is used.
 */
export function freeWildcardPort(): number {
  for (let tries = 0; tries < 100; tries++) {
    const [random = 0] = crypto.getRandomValues(new Uint16Array(1));
    const port = 20_000 + random % 12_000;
    if (canListen("0.0.0.0", port) && (!hasIpv6() || canListen("::", port))) return port;
  }
  throw new Error("Cannot find a free port: 100 random ones are taken");
}

/** True when this machine has `::1`. */
export function hasIpv6(): boolean {
  return canListen("::1", 0);
}

function canListen(hostname: string, port: number): boolean {
  try {
    Deno.listen({ hostname, port }).close();
    return true;
  } catch {
    return false;
  }
}
