import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Address } from "../../lib/core/address.ts";
import { LbError } from "../../lib/core/errors.ts";
import { denoTransport } from "../../lib/net/deno_transport.ts";
import type { Conn } from "../../lib/net/transport.ts";

const NEVER = new AbortController().signal;
const HELLO = new TextEncoder().encode("hello");

/** A Unix socket in a folder of its own, removed in the end. */
function temporarySocket(): Disposable & { readonly address: Address } {
  const folder = Deno.makeTempDirSync();
  return {
    address: { kind: "unix", path: `${folder}/test.sock` },
    [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }),
  };
}

async function readAll(conn: Conn): Promise<string> {
  const buffer = new Uint8Array(64);
  let text = "";
  for (let length = await conn.read(buffer); length !== null; length = await conn.read(buffer)) {
    text += new TextDecoder().decode(buffer.subarray(0, length));
  }
  return text;
}

Deno.test("denoTransport carries bytes and half-closes both ways", async () => {
  using socket = temporarySocket();
  using acceptor = denoTransport.listen(socket.address);
  const [server, client] = await Promise.all([
    acceptor.accept(),
    denoTransport.connect(socket.address, NEVER),
  ]);

  await client.write(HELLO);
  await client.closeWrite();
  assertEquals(await readAll(server!), "hello");
  await server!.write(HELLO);
  await server!.closeWrite();

  assertEquals(await readAll(client), "hello");
  for (const conn of [client, client, server!, server!]) conn.close();
  await assertRejects(async () => await client.read(new Uint8Array(1)));
});

Deno.test("Acceptor.accept() answers undefined once it is closed", async () => {
  using socket = temporarySocket();
  const acceptor = denoTransport.listen(socket.address);
  const accepting = acceptor.accept();

  acceptor[Symbol.dispose]();
  acceptor[Symbol.dispose]();

  assertEquals(await accepting, undefined);
  assertEquals(await acceptor.accept(), undefined);
});

Deno.test("denoTransport.connect() says that a port refused", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();

  const error = await assertRejects(
    () => denoTransport.connect({ kind: "tcp", hostname: "127.0.0.1", port }, NEVER),
    LbError,
    `Cannot connect to "127.0.0.1:${port}": `,
  );

  assertEquals([error.code, error.side], ["connect_refused", "upstream"]);
});

Deno.test("denoTransport.connect() says that a Unix socket is missing", async () => {
  using socket = temporarySocket();

  const error = await assertRejects(
    () => denoTransport.connect(socket.address, NEVER),
    LbError,
    "Cannot connect to",
  );

  assertEquals(error.code, "connect_failed");
});

Deno.test("denoTransport.connect() gives up when it is told to", async () => {
  using socket = temporarySocket();
  using _acceptor = denoTransport.listen(socket.address);
  const tcp: Address = { kind: "tcp", hostname: "127.0.0.1", port: 1 };

  for (const address of [socket.address, tcp]) {
    const error = await assertRejects(
      () => denoTransport.connect(address, AbortSignal.abort()),
      LbError,
      "no answer in time",
    );
    assertEquals(error.code, "connect_timeout");
  }
});

Deno.test("Conn.remote of a TCP connection is the other end", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const address: Address = { kind: "tcp", hostname: "127.0.0.1", port };

  const [server, client] = await Promise.all([
    listener.accept(),
    denoTransport.connect(address, NEVER),
  ]);

  assertEquals(client.remote, address);
  server.close();
  client.close();
  listener.close();
});

Deno.test("denoTransport.listen() throws when the address is taken", () => {
  using socket = temporarySocket();
  using _acceptor = denoTransport.listen(socket.address);

  const error = assertThrows(() => denoTransport.listen(socket.address));

  assert(error instanceof Deno.errors.AddrInUse);
});
