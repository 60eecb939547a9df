import { assertEquals } from "@std/assert";
import { clientNetwork } from "../../lib/proxy/rate_guard.ts";

const NETWORKS: readonly [address: string | undefined, network: string][] = [
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["::FFFF:c000:207", "192.0.2.7"],
  ["2001:db8:1:2:3:4:5:6", "20010db800010002"],
  ["2001:DB8:1:2::", "20010db800010002"],
  ["2001:db8:1:3::", "20010db800010003"],
  ["fe80::1%eth0", "fe80000000000000"],
  [undefined, "unix"],
];

for (const [address, network] of NETWORKS) {
  Deno.test(`clientNetwork() counts ${address} as ${network}`, () => {
    assertEquals(clientNetwork(address), network);
  });
}
