import { assertEquals } from "@std/assert";
import type { TcpListenerConfig } from "../../lib/config/types.ts";
import { CidrSet } from "../../lib/core/cidr_set.ts";
import { parseCidr } from "../../lib/core/cidr.ts";
import { ClientSlots } from "../../lib/core/client_slots.ts";
import type { Conn } from "../../lib/net/transport.ts";
import { Listener } from "../../lib/runtime/listener.ts";
import { listenerConfig } from "../support/configs.ts";
import { settled } from "../support/fake_clock.ts";
import type { MemoryConn } from "../support/memory_conn.ts";
import { MemoryAcceptor } from "../support/memory_transport.ts";
import { ADDRESSES_4, binaryHeader, textHeader } from "../support/proxy_headers.ts";
import { isSettled, TcpBench } from "../support/tcp_bench.ts";

/** The address of every client of a {@linkcode MemoryAcceptor}. */
const PEER = "192.0.2.7";
const FOREIGN = "198.51.100.1";
const setOf = (...texts: string[]) => CidrSet.of(texts.map(parseCidr)).buffer;
const trusting = (...trusted: string[]) => ({ proxyProtocol: { trusted, timeoutMs: 1000 } });
const from = (client: string) => textHeader(`PROXY TCP4 ${client} 192.0.2.80 5000 80`);

/** A listener that hands on what passes its steps. */
class StepBench extends TcpBench {
  readonly acceptor = new MemoryAcceptor();
  readonly handled: Conn[] = [];
  readonly listener: Listener;
  readonly #end = Promise.withResolvers<void>();

  constructor(config: Partial<TcpListenerConfig>, clients?: ClientSlots) {
    super();
    this.listener = new Listener({
      acceptor: this.acceptor,
      service: {
        config: listenerConfig(config),
        index: 0,
        handler: (conn) => {
          this.handled.push(conn);
          return this.#end.promise;
        },
        ...(clients && { clients }),
      },
      thread: this.thread,
    });
    void this.listener.run();
  }

  async connect(bytes: Uint8Array = new Uint8Array()): Promise<MemoryConn> {
    const client = this.acceptor.connect();
    await client.send(bytes);
    await settled();
    return client;
  }

  counted(): number[] {
    const counters = ["accepted", "proxyRefused", "denied", "rejectedPerIp"] as const;
    return counters.map((counter) => this.table.listenerTotal(0, counter));
  }
}

Deno.test("a PROXY header makes its client that of the connection, and its rest is read", async () => {
  using b = new StepBench(trusting("192.0.2.0/24"));
  const rest = Uint8Array.of(1, 2);

  await b.connect(Uint8Array.of(...from(FOREIGN), ...rest));
  await b.connect(binaryHeader(0x21, 0x11, ADDRESSES_4));
  await b.connect(binaryHeader(0x20, 0, []));
  await b.connect(textHeader("PROXY UNKNOWN"));

  assertEquals(
    b.handled.map(({ remote }) => remote?.kind === "tcp" && remote.hostname),
    [FOREIGN, "192.0.2.1", PEER, PEER],
  );
  const into = new Uint8Array(8);
  assertEquals([await b.handled[0]!.read(into), into.subarray(0, 2)], [2, rest]);
  assertEquals(b.counted(), [4, 0, 0, 0]);
});

Deno.test("a peer that is no trusted proxy is refused, and the log names it and the setting", async () => {
  using b = new StepBench(trusting("10.0.0.0/8"));

  const clients = [await b.connect(from(FOREIGN)), await b.connect(from(FOREIGN))];

  assertEquals([clients.map(({ inputEnded }) => inputEnded), b.handled], [[true, true], []]);
  assertEquals(b.counted(), [0, 2, 0, 0]);
  const message = "Connection refused: peer is not in trusted_proxies of a proxy_protocol listener";
  assertEquals(b.log.fieldsOf(message), [
    { listener: "front", peer: `${PEER}:50000`, suppressed: 0 },
  ]);
  assertEquals(b.table.active(0), 0);
});

Deno.test("a connection without a valid header is refused", async () => {
  using b = new StepBench(trusting("192.0.2.0/24"));

  const client = await b.connect(new TextEncoder().encode("GET / HTTP/1.1\r\n"));

  assertEquals([client.inputEnded, b.counted()], [true, [0, 1, 0, 0]]);
  assertEquals(b.log.fieldsOf("Connection refused: no valid PROXY header"), [
    { listener: "front", peer: `${PEER}:50000`, reason: "no PROXY header", suppressed: 0 },
  ]);
});

Deno.test("a header that does not end in time is refused", async () => {
  using b = new StepBench(trusting("192.0.2.0/24"));

  const client = await b.connect(new TextEncoder().encode("PROXY TCP4 "));
  assertEquals([client.inputEnded, b.table.active(0)], [false, 1]);
  await b.paced.pass(1000);

  assertEquals([client.inputEnded, b.counted(), b.table.active(0)], [true, [0, 1, 0, 0], 0]);
});

Deno.test("a check that only connects is not counted as refused", async () => {
  using b = new StepBench(trusting("192.0.2.0/24"));

  const client = await b.connect();
  await client.closeWrite();
  await settled();

  assertEquals([b.counted(), b.table.active(0)], [[0, 0, 0, 0], 0]);
});

Deno.test("Listener.abort() cuts a connection whose header has not come", async () => {
  using b = new StepBench(trusting("192.0.2.0/24"));
  const client = await b.connect();
  b.listener[Symbol.dispose]();

  b.listener.abort();

  assertEquals(await isSettled(b.listener.idle()), true);
  assertEquals(client.inputEnded, true);
});

const LISTS: readonly [what: string, allow: string[], deny: string[], isIn: boolean][] = [
  ["no list names", [], ["10.0.0.0/8"], true],
  ["is denied", [], ["192.0.2.0/24"], false],
  ["is allowed", ["192.0.2.7"], [], true],
  ["is not allowed", ["10.0.0.0/8"], [], false],
  ["is allowed and denied", ["192.0.2.0/24"], ["192.0.2.7"], false],
  ["is denied as IPv4-mapped IPv6", [], ["::ffff:192.0.2.7/128"], false],
];

for (const [what, allow, deny, isIn] of LISTS) {
  Deno.test(`a client that ${what} is ${isIn ? "let in" : "refused"}`, async () => {
    const sets = (texts: string[]) => texts.length === 0 ? [] : [setOf(...texts)];
    using b = new StepBench({ access: { allow: sets(allow), deny: sets(deny) } });

    const client = await b.connect();

    assertEquals([client.inputEnded, b.handled.length], [!isIn, isIn ? 1 : 0]);
    assertEquals(b.counted(), isIn ? [1, 0, 0, 0] : [0, 0, 1, 0]);
  });
}

Deno.test("lists go by the client of the PROXY header, not by its peer", async () => {
  using b = new StepBench({
    ...trusting("192.0.2.7"),
    access: { allow: [], deny: [setOf(FOREIGN)] },
  });

  const denied = await b.connect(from(FOREIGN));
  const other = await b.connect(from("198.51.100.2"));

  assertEquals([denied.inputEnded, other.inputEnded], [true, false]);
  assertEquals(b.log.fieldsOf("Connection refused: client is not allowed"), [
    { listener: "front", client: FOREIGN, suppressed: 0 },
  ]);
});

Deno.test("max_connections_per_ip goes by the client of the PROXY header", async () => {
  const clients = ClientSlots.create({ workers: 1, maxConnections: 64 }, 1);
  using b = new StepBench({ ...trusting("192.0.2.7"), maxConnectionsPerIp: 1 }, clients);

  const ends = [
    await b.connect(from(FOREIGN)),
    await b.connect(from(FOREIGN)),
    await b.connect(from("198.51.100.2")),
  ];

  assertEquals(ends.map(({ inputEnded }) => inputEnded), [false, true, false]);
  assertEquals(b.counted(), [2, 0, 0, 1]);
});
