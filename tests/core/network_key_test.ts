import { assert, assertEquals, assertGreater, assertNotEquals } from "@std/assert";
import { NETWORK_KEYS, networkKey } from "../../lib/core/network_key.ts";
import { hashText } from "../../lib/ds/hash.ts";

/** The loop of NGINX over the octets it looks at. */
function nginxKey(octets: readonly number[]): number {
  return octets.reduce((hash, octet) => (hash * 113 + octet) % 6271, 89);
}

Deno.test("networkKey() of IPv4 is NGINX's over the first three octets", () => {
  // By hand: 89 * 113 + 127 = 10184 -> 3913; 3913 * 113 -> 3199; 3199 * 113 -> 4040.
  assertEquals(networkKey("127.0.0.1"), 4040);
  assertEquals(networkKey("192.168.7.9"), nginxKey([192, 168, 7]));
  assertEquals(networkKey("255.255.255.255"), nginxKey([255, 255, 255]));
});

Deno.test("networkKey() is one for a /24, and another for its neighbour", () => {
  assertEquals(networkKey("10.1.2.3"), networkKey("10.1.2.254"));
  assertNotEquals(networkKey("10.1.2.3"), networkKey("10.1.3.3"));
});

Deno.test("networkKey() of IPv6 is NGINX's over all sixteen octets", () => {
  const octets = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

  assertEquals(networkKey("2001:db8::1"), nginxKey(octets));
  assertNotEquals(networkKey("2001:db8::1"), networkKey("2001:db8::2"));
});

Deno.test("networkKey() takes IPv4 mapped into IPv6 as IPv4", () => {
  assertEquals(networkKey("::ffff:10.1.2.3"), networkKey("10.1.2.3"));
  assertNotEquals(networkKey("::fffe:10.1.2.3"), networkKey("10.1.2.3"));
});

Deno.test("networkKey() ignores the zone of a link-local address", () => {
  assertEquals(networkKey("fe80::1%eth0"), networkKey("fe80::1"));
});

Deno.test("networkKey() of what is no IP address is the hash of the text", () => {
  for (const text of ["", "unix:/run/app.sock", "1.2.3", "localhost"]) {
    assertEquals(networkKey(text), hashText(text));
  }
});

Deno.test("networkKey() stays in its range and uses most of it", () => {
  const keys = new Set<number>();
  for (let second = 0; second < 256; second++) {
    for (let third = 0; third < 256; third++) keys.add(networkKey(`10.${second}.${third}.1`));
  }

  assertGreater(keys.size, 6000);
  for (const key of keys) assert(Number.isInteger(key) && key >= 0 && key < NETWORK_KEYS);
});
