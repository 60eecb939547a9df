import { assertEquals, assertLess, assertMatch } from "@std/assert";
import { connectTo, inParallel, receiveAll, send } from "../support/clients.ts";
import { helloFor } from "../support/hellos.ts";
import { startHaproxy } from "../support/peer_processes.ts";
import { peerTest } from "../support/peers.ts";
import { runToEnd } from "../support/process.ts";
import { Scenario, type Settings } from "../support/scenario.ts";
import { echo } from "../support/servers.ts";
import { TlsBackends } from "../support/tls_backends.ts";
import { eventually } from "../support/wait.ts";
import { residentKib } from "../support/weir.ts";

const NAMES = ["app", "exact", "below", "far"];

/** Weir in front of one backend for each of {@linkcode NAMES}; `app` is the default. */
function start(addresses: readonly string[], listener: Settings = {}): Promise<Scenario> {
  const upstreams = Object.fromEntries(NAMES.map((name, index) => {
    return [name, { backends: [{ address: addresses[index] }], health_check: { type: "none" } }];
  }));
  return Scenario.start({
    backends: [],
    top: { upstreams, log: { level: "debug" } },
    listener: {
      sni_routes: {
        "Exact.example.com": "exact",
        "*.example.com": "below",
        "*.a.example.com": "far",
      },
      ...listener,
    },
  });
}

const ASKED: readonly [name: string, backend: string][] = [
  ["exact.example.com", "exact"],
  ["EXACT.example.COM", "exact"],
  ["www.example.com", "below"],
  ["a.example.com", "below"],
  ["www.a.example.com", "far"],
  ["example.com", "app"],
];

peerTest(
  "sni_routes: curl reaches the upstream of each name",
  ["curl", "openssl"],
  async (paths) => {
    await using backends = await TlsBackends.start(NAMES);
    await using scenario = await start(backends.addresses);
    const [host = "", port = ""] = scenario.address.split(":");

    const answers = [];
    for (const [name] of ASKED) {
      const { stdout, stderr } = await runToEnd({
        name: "curl",
        argv: [
          ...[paths.curl, "--silent", "--show-error", "--cacert", backends.caFile],
          ...["--resolve", `${name}:${port}:${host}`, `https://${name}:${port}/`],
        ],
      });
      answers.push([name, stdout + stderr]);
    }

    assertEquals(answers, ASKED.map((asked) => [...asked]));
    await scenario.waitForLog(/Connection ended.*www\.a\.example\.com/);
  },
);

for (const version of ["-tls1_2", "-tls1_3"]) {
  peerTest(
    `sni_routes: openssl s_client ${version} with a name, an unknown one, and none`,
    ["openssl"],
    async ({ openssl }) => {
      await using backends = await TlsBackends.start(NAMES);
      await using all = await start(backends.addresses);
      await using known = await start(backends.addresses, { upstream: undefined });
      const talk = async ({ address }: Scenario, ...name: string[]) => {
        const argv = [openssl, "s_client", version, "-connect", address, ...name];
        const { stdout, stderr } = await runToEnd({
          name: "sh",
          argv: ["sh", "-c", 'printf "GET / HTTP/1.0\\r\\n\\r\\n" | "$@" -ign_eof', "sh", ...argv],
        });
        return stdout + stderr;
      };

      assertMatch(await talk(all, "-servername", "exact.example.com"), /\n\r?\nexact/);
      assertMatch(await talk(all, "-noservername"), /\n\r?\napp/);
      assertMatch(await talk(known, "-servername", "www.example.com"), /\n\r?\nbelow/);
      assertMatch(await talk(known, "-servername", "else.org"), /unrecognized name/);
      assertMatch(await talk(known, "-noservername"), /unrecognized name/);

      assertEquals((await known.listenerStatus()).unknownName, 2);
    },
  );
}

peerTest("sni_routes: Deno.startTls through Weir", ["openssl"], async () => {
  await using backends = await TlsBackends.start(NAMES);
  await using scenario = await start(backends.addresses);
  const caCerts = [await Deno.readTextFile(backends.caFile)];
  const conn = await connectTo(scenario.address);
  if (conn.remoteAddr.transport !== "tcp") throw new Error("Cannot use connection: no TCP");

  using tls = await Deno.startTls(conn as Deno.TcpConn, { hostname: "b.a.example.com", caCerts });
  await send(tls, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

  assertMatch(await receiveAll(tls), /\r\n\r\nfar$/);
});

peerTest(
  "sni_routes behind HAProxy with a PROXY header",
  ["haproxy", "curl", "openssl"],
  async ({ haproxy, curl }) => {
    await using backends = await TlsBackends.start(NAMES);
    await using scenario = await start(backends.addresses, {
      proxy_protocol: true,
      trusted_proxies: ["127.0.0.1"],
    });
    await using front = await startHaproxy(haproxy, [`${scenario.address} send-proxy-v2`]);
    const [host = "", port = ""] = front.address.split(":");

    const { stdout } = await runToEnd({
      name: "curl",
      argv: [
        ...[curl, "--silent", "--cacert", backends.caFile, "--interface", "127.0.0.5"],
        ...["--resolve", `exact.example.com:${port}:${host}`, `https://exact.example.com:${port}/`],
      ],
    });

    assertEquals(stdout, "exact");
    await scenario.waitForLog(/Connection ended.*127\.0\.0\.5:.*exact\.example\.com/);
  },
);

/** The backend is an echo, so what it got can be seen. */
Deno.test("sni_routes: a hello that comes byte by byte is handed on as it came", async () => {
  await using server = echo();
  await using scenario = await start(NAMES.map(() => server.address));
  const bytes = helloFor("exact.example.com");
  using conn = await connectTo(scenario.address);

  for (const byte of bytes) await send(conn, Uint8Array.of(byte));
  const back = new Uint8Array(bytes.length);
  for (let at = 0; at < back.length;) at += await conn.read(back.subarray(at)) ?? back.length;

  assertEquals(back, bytes);
});

Deno.test("sni_routes: a hello that does not end is closed in time, and idle ones too", async () => {
  await using server = echo();
  await using scenario = await start(NAMES.map(() => server.address), {
    timeouts: { header: "300ms" },
  });
  using slow = await connectTo(scenario.address);
  using idle = await connectTo(scenario.address);

  await send(slow, helloFor("exact.example.com").subarray(0, 30));

  assertEquals([await receiveAll(slow), await receiveAll(idle)], ["", ""]);
  // They are counted when the thread hears of what it has closed.
  await eventually("both to be counted", async () => {
    assertEquals([(await scenario.listenerStatus()).helloRefused, server.accepted], [2, 0]);
  });
});

Deno.test("sni_routes: 10,000 connections of garbage leave memory where it was", async () => {
  await using server = echo();
  await using scenario = await start(NAMES.map(() => server.address));
  const { pid } = scenario.weir;
  const hello = helloFor("exact.example.com");
  const kinds = [
    new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    hello.map((byte, at) => at === 62 ? byte ^ 0xff : byte),
    Uint8Array.of(22, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xf0, ...new Uint8Array(3000)),
    hello.subarray(0, 20),
  ];
  const attack = async (count: number) => {
    await inParallel(count, 50, async (index) => {
      using conn = await connectTo(scenario.address);
      await send(conn, kinds[index % kinds.length]!);
      await conn.closeWrite();
      // Closed with bytes unread, which may reset it.
      await receiveAll(conn).catch(() => {});
    });
    await eventually("all of them to be gone", async () => {
      assertEquals((await scenario.listenerStatus()).active, 0);
    });
    return await residentKib(pid);
  };

  // The heap of a process grows to its usual size first.
  const before = await attack(15_000);
  const after = await attack(10_000);

  assertLess(after - before, 24 * 1024);
  assertEquals((await scenario.listenerStatus()).helloRefused, 25_000);
  assertEquals(server.accepted, 0);
});
