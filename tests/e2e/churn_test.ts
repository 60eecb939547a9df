import { assertEquals, assertLess } from "@std/assert";
import { inParallel } from "../support/clients.ts";
import { freeAddress } from "../support/free_port.ts";
import { Scenario } from "../support/scenario.ts";
import { echo } from "../support/servers.ts";
import { eventually, within } from "../support/wait.ts";
import { openFiles, residentKib } from "../support/weir.ts";

const CONNECTIONS = 50_000;
/** After these the collector has seen everything once. */
const WARM_UP = 15_000;
/** Ports that were just used are given again late, and looking for others takes the kernel time. */
const ADDRESSES = 8;
const PATIENCE_MS = 120_000;

Deno.test("50,000 connections leave no count, no file descriptor and no memory behind", async () => {
  await using stack = new AsyncDisposableStack();
  const servers = Array.from({ length: ADDRESSES }, () => stack.use(echo()));
  const addresses = Array.from({ length: ADDRESSES }, freeAddress);
  await using scenario = await Scenario.start({
    backends: servers.map(({ address }) => address),
    top: { listeners: addresses.map((address) => ({ address, upstream: "app" })) },
  });
  const { pid } = scenario.weir;
  const atRest = await openFiles(pid);
  await churn(addresses, WARM_UP);
  await untilAtRest(scenario, atRest);
  const warm = await residentKib(pid);

  await churn(addresses, CONNECTIONS);

  await untilAtRest(scenario, atRest);
  const { listeners } = await scenario.status();
  const total = { accepted: 0, noBackend: 0, rejected: 0 };
  for (const { accepted, noBackend, rejected } of listeners) {
    total.accepted += accepted;
    total.noBackend += noBackend;
    total.rejected += rejected;
  }
  assertEquals(total, { accepted: WARM_UP + CONNECTIONS, noBackend: 0, rejected: 0 });
  // A kilobyte lost per connection would be 50 MB.
  assertLess(await residentKib(pid) - warm, 40 * 1024);
});

/** Short exchanges, each on a connection of its own; one deadline for all, since timers cost. */
async function churn(addresses: readonly string[], count: number): Promise<void> {
  const endpoints = addresses.map((address) => address.split(":"));
  const question = new TextEncoder().encode("hello");
  const work = inParallel(count, 32, async (index) => {
    const [hostname = "", port] = endpoints[index % endpoints.length]!;
    using conn = await Deno.connect({ hostname, port: Number(port) });
    await conn.write(question);
    assertEquals(await conn.read(new Uint8Array(16)), question.length);
  });
  await within(`${count} connections`, work, PATIENCE_MS);
}

async function untilAtRest(scenario: Scenario, files: number): Promise<void> {
  await eventually("everything to be closed", async () => {
    const { listeners, upstreams } = await scenario.status();
    assertEquals(listeners.map(({ active }) => active), Array(ADDRESSES).fill(0));
    const inFlight = upstreams.flatMap(({ backends }) => backends.map(({ inFlight }) => inFlight));
    assertEquals(inFlight, Array(ADDRESSES).fill(0));
    // One for the connection that the status was asked over.
    assertLess(await openFiles(scenario.weir.pid), files + 3);
  });
}
