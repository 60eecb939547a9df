import { assertEquals, assertFalse } from "@std/assert";
import { listenSharedTls } from "../../lib/net/shared_tls_listen.ts";
import { TestAuthority } from "../support/certificates.ts";
import { TempFolder } from "../support/paths.ts";
import { peerTest } from "../support/peers.ts";
import { freeAddress } from "../support/free_port.ts";

peerTest("listenSharedTls() shares one accept queue per address", ["openssl"], async () => {
  await using folder = await TempFolder.create();
  const { cert, key } = await (await TestAuthority.create(folder.path)).issue(["a.test"]);
  const source = { cert: await Deno.readTextFile(cert), key: await Deno.readTextFile(key) };
  const [hostname = "", port] = freeAddress().split(":");
  const open = () =>
    listenSharedTls({ hostname, port: Number(port), backlog: 100, alpn: [], source });
  using first = open();
  using idle = open();

  // With a queue of its own, the second listener would get about half of these.
  for (let i = 0; i < 20; i++) {
    using client = await Deno.connect({ hostname, port: Number(port) });
    using conn = await first.accept();
    assertEquals(conn.remoteAddr.port, client.localAddr.port);
  }

  assertEquals(idle.addr.port, Number(port));
  assertFalse("loadBalanced" in {});
});
