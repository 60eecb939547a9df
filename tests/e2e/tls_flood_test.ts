import { assertEquals, assertLess } from "@std/assert";
import { HttpBackend } from "../support/http_backend.ts";
import { answerOf } from "../support/http_wire.ts";
import { peerTest } from "../support/peers.ts";
import { TlsSite } from "../support/tls_site.ts";
import { eventually } from "../support/wait.ts";
import { residentKib } from "../support/weir.ts";

/** Runs `work` so many times, a few at a time. */
async function times(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

/** Opens a connection and runs `talk` on it until Weir has ended it. */
async function once(
  site: TlsSite,
  talk: (conn: Deno.TcpConn) => Promise<unknown>,
): Promise<void> {
  const [hostname = "", port] = site.scenario.address.split(":");
  const conn = await Deno.connect({ hostname, port: Number(port) });
  try {
    await talk(conn);
  } catch {
    // Refused, as it should be.
  } finally {
    conn[Symbol.dispose]();
  }
}

const GARBAGE = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");

for (const names of [[["a.test"]], [["b.test"], ["a.test"]]]) {
  const title = `bad handshakes leave memory where it was, ${names.length} certificates`;
  peerTest(title, ["openssl", "curl"], async () => {
    await using backend = new HttpBackend(() => answerOf(200, "hello"));
    await using site = await TlsSite.start({
      protocol: "http",
      names,
      backends: [backend.address],
      workers: 1,
    });
    const garbage = () =>
      once(site, async (conn) => {
        await conn.write(GARBAGE);
        while (await conn.read(new Uint8Array(100)) !== null);
      });
    // Not trusting the authority: the client breaks off with an alert.
    const distrust = () =>
      once(site, async (conn) => {
        using tls = await Deno.startTls(conn, { hostname: "a.test" });
        await tls.handshake();
      });
    await times(1000, garbage);
    await times(1000, distrust);
    const before = await residentKib(site.scenario.weir.pid);

    await times(10_000, garbage);
    await times(10_000, distrust);

    await eventually("the failures to be counted", async () => {
      const { tls, active } = await site.scenario.listenerStatus();
      assertEquals(
        [tls?.failures.not_tls, (tls?.failures.alert ?? 0) + (tls?.failures.closed ?? 0), active],
        [11_000, 11_000, 0],
      );
    });
    const grownKib = await residentKib(site.scenario.weir.pid) - before;
    assertLess(grownKib, 32 * 1024);
    assertEquals((await site.curl("a.test", ["-o", "/dev/null"])).code, 0);
  });
}

peerTest("a flood of names is bounded", ["openssl", "curl"], async () => {
  await using backend = new HttpBackend(() => answerOf(200, "hello"));
  await using site = await TlsSite.start({
    protocol: "http",
    names: [["a.test"], ["b.test"]],
    backends: [backend.address],
    workers: 1,
  });
  const ask = (index: number) =>
    once(site, async (conn) => {
      using tls = await Deno.startTls(conn, { hostname: `n${index}.test` });
      await tls.handshake();
    });
  // What is remembered of names comes and goes: by now it has.
  await times(10_000, (index) => ask(index));
  const before = await residentKib(site.scenario.weir.pid);

  await times(15_000, (index) => ask(10_000 + index));

  await eventually("the failures to be counted", async () => {
    const { tls } = await site.scenario.listenerStatus();
    const { alert = 0, closed = 0, other } = tls?.failures ?? {};
    assertEquals([alert + closed, other], [25_000, 0]);
  });
  const grownKib = await residentKib(site.scenario.weir.pid) - before;
  assertLess(grownKib, 16 * 1024);
  assertEquals((await site.curl("b.test", ["-o", "/dev/null"])).code, 0);
});
