import { assertEquals } from "@std/assert";
import { LbError } from "../../lib/core/errors.ts";
import { Dial } from "../../lib/proxy/attempt.ts";
import { settled } from "../support/fake_clock.ts";
import { CONNECT_TIMEOUT_MS, isSettled, TcpBench } from "../support/tcp_bench.ts";

const [B0, B1, B2] = ["192.0.2.1:1000", "192.0.2.1:1001", "192.0.2.1:1002"];

Deno.test("Dial.connect() answers with the backend of the algorithm's choice", async () => {
  using b = new TcpBench();
  b.open(0);

  const attempt = await new Dial(b.route, 0).connect();

  assertEquals(attempt?.lease.backend.id, "b0");
  assertEquals(b.transport.dialled, [B0]);
  assertEquals([b.inFlight, b.metrics.paidRetries(0)], [1, 0]);
});

Deno.test("Dial.connect() goes on to other backends and blames those that refused", async () => {
  using b = new TcpBench();
  b.open(2);

  const attempt = await new Dial(b.route, 0).connect();

  assertEquals(attempt?.lease.backend.id, "b2");
  assertEquals(b.transport.dialled, [B0, B1, B2]);
  assertEquals([0, 1, 2].map((index) => b.table.backendTotal(index, "connectFailures")), [1, 1, 0]);
  assertEquals([0, 1, 2].map((index) => b.table.inFlight(index)), [0, 0, 1]);
  assertEquals(b.metrics.paidRetries(0), 2);
});

Deno.test("Dial.connect() tries no backend twice", async () => {
  using b = new TcpBench({ backends: 3, retryAttempts: 100 });

  assertEquals(await new Dial(b.route, 0).connect(), undefined);

  assertEquals(b.transport.dialled, [B0, B1, B2]);
  assertEquals(b.inFlight, 0);
});

Deno.test("Dial.connect() gives up when its attempts are used up", async () => {
  using b = new TcpBench({ backends: 3, retryAttempts: 1 });
  b.open(2);

  assertEquals(await new Dial(b.route, 0).connect(), undefined);

  assertEquals(b.transport.dialled.length, 2);
  assertEquals([b.inFlight, b.metrics.paidRetries(0)], [0, 1]);
});

Deno.test("Dial.connect() tries once when there are to be no retries", async () => {
  using b = new TcpBench({ retryAttempts: 0 });

  assertEquals(await new Dial(b.route, 0).connect(), undefined);

  assertEquals(b.transport.dialled, [B0]);
});

Deno.test("Dial.connect() dials nobody when every backend is down", async () => {
  using b = new TcpBench();
  for (const id of ["b0", "b1", "b2"]) b.upstream.setHealth(id, false);

  assertEquals(await new Dial(b.route, 0).connect(), undefined);

  assertEquals(b.transport.dialled, []);
});

Deno.test("Dial.connect() goes on to another backend when one does not answer in time", async () => {
  using b = new TcpBench();
  b.silence(0);
  b.open(1);
  const connecting = new Dial(b.route, 0).connect();

  await b.paced.pass(CONNECT_TIMEOUT_MS - 100);
  assertEquals(b.transport.dialled, [B0]);
  await b.paced.pass(150);

  assertEquals((await connecting)?.lease.backend.id, "b1");
  assertEquals(b.table.backendTotal(0, "connectFailures"), 1);
  assertEquals(
    b.log.fieldsOf("Backend could not be connected to")[0]?.["reason"],
    "connect_timeout",
  );
});

Deno.test("Dial.connect() gives each backend the whole connect timeout", async () => {
  using b = new TcpBench();
  for (const backend of [0, 1, 2]) b.silence(backend);
  const connecting = new Dial(b.route, 0).connect();

  for (const dialled of [1, 2]) {
    await b.paced.pass(CONNECT_TIMEOUT_MS * 0.8);
    assertEquals(b.transport.dialled.length, dialled);
    await b.paced.pass(CONNECT_TIMEOUT_MS * 0.2);
  }
  assertEquals(b.transport.dialled.length, 3);
  await b.paced.pass(CONNECT_TIMEOUT_MS);

  assertEquals(await connecting, undefined);
  assertEquals(b.inFlight, 0);
});

Deno.test("Dial.abort() breaks off without blaming anybody", async () => {
  using b = new TcpBench();
  b.silence(0);
  b.open(1);
  const dial = new Dial(b.route, 0);
  const connecting = dial.connect();
  await settled();
  assertEquals(b.inFlight, 1);

  dial.abort();

  assertEquals(await connecting, undefined);
  assertEquals(b.transport.dialled, [B0]);
  assertEquals([b.inFlight, b.table.backendTotal(0, "connectFailures")], [0, 0]);
  assertEquals(b.log.records, []);
});

Deno.test("Dial.abort() before connect() keeps it from dialling", async () => {
  using b = new TcpBench();
  b.open(0);
  const dial = new Dial(b.route, 0);

  dial.abort();

  assertEquals(await dial.connect(), undefined);
  assertEquals([b.transport.dialled, b.inFlight], [[], 0]);
});

Deno.test("Dial.connect() takes an error of unknown kind for a failed connect", async () => {
  using b = new TcpBench({ retryAttempts: 0 });
  b.transport.connect = () => Promise.reject(new TypeError("no such thing"));

  assertEquals(await new Dial(b.route, 0).connect(), undefined);

  const fields = b.log.fieldsOf("Backend could not be connected to");
  assertEquals(fields.map(({ reason, error }) => [reason, error]), [
    ["connect_failed", "no such thing"],
  ]);
  assertEquals(b.inFlight, 0);
});

Deno.test("Dial.connect() blames no backend when Weir itself is out of sockets", async () => {
  using b = new TcpBench({ backends: 1, retryAttempts: 0 });
  const error = new LbError("out_of_sockets", "Too many open files", { side: "internal" });
  b.transport.connect = () => Promise.reject(error);

  assertEquals(await new Dial(b.route, 0).connect(), undefined);

  assertEquals([b.inFlight, b.table.backendTotal(0, "connectFailures")], [0, 0]);
  assertEquals(b.log.records.length, 1);
});

Deno.test("Dial.connect() never meets the timeout of an earlier dial", async () => {
  using b = new TcpBench({ backends: 1, retryAttempts: 0 });
  const acceptor = b.open(0);
  // Abort controllers are used again: the first dial's deadline must be gone.
  await new Dial(b.route, 0).connect();
  acceptor[Symbol.dispose]();
  b.silence(0);
  await b.paced.pass(CONNECT_TIMEOUT_MS * 0.6);
  const second = new Dial(b.route, 0).connect();

  await b.paced.pass(CONNECT_TIMEOUT_MS * 0.6);

  assertEquals(await isSettled(second), false);
  await b.paced.pass(CONNECT_TIMEOUT_MS);
  assertEquals(await second, undefined);
});

Deno.test("Dial.abort() after connect() breaks off nobody else's dial", async () => {
  using b = new TcpBench({ backends: 2 });
  b.open(0);
  b.silence(1);
  const first = new Dial(b.route, 0);
  await first.connect();
  const second = new Dial(b.route, 0).connect();
  await settled();

  first.abort();

  assertEquals(await isSettled(second), false);
  await b.paced.pass(CONNECT_TIMEOUT_MS);
  assertEquals((await second)?.lease.backend.id, "b0");
});

Deno.test("LbError keeps its cause", () => {
  const cause = new Error("inner");

  const error = new LbError("connect_failed", "outer", { side: "upstream", cause });

  assertEquals([error.cause, error.code, error.side, error.name], [
    cause,
    "connect_failed",
    "upstream",
    "LbError",
  ]);
});
