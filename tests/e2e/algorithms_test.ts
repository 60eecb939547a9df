import { assert, assertAlmostEquals, assertEquals, assertGreater } from "@std/assert";
import { ALGORITHMS } from "../../lib/balancer/registry.ts";
import { inParallel, tally } from "../support/clients.ts";
import { askOnce } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { headOf, statusOf } from "../support/http_wire.ts";
import { NamedBackends } from "../support/named_backends.ts";
import { eventually } from "../support/wait.ts";
import type { Scenario, Settings } from "../support/scenario.ts";

const NAMES = ["one", "two", "three", "four"];
/** One of them twice as strong. */
const WEIGHTS = [1, 1, 1, 2];
const REQUESTS = 500;

/** What a request carries to be told from others: its network, and a key. */
interface Client {
  readonly network: string;
  readonly user: string;
}

function clientOf(n: number): Client {
  return { network: `10.${n >> 8 & 255}.${n & 255}.7`, user: `user-${n}` };
}

for (const [algorithm, { basis }] of Object.entries(ALGORITHMS)) {
  const keyed = basis === "key" || basis === "network";
  const settings = { algorithm, ...(basis === "key" && { hash_key: "header:x-user" }) };

  Deno.test(`${algorithm} shares requests among backends, over two threads`, async () => {
    await using backends = new NamedBackends(NAMES);
    await using scenario = await start(backends, settings);

    const names: string[] = [];
    await inParallel(REQUESTS, 20, async (n) => {
      names.push(await ask(scenario, clientOf(n)));
    });

    const counts = tally(names);
    if (basis === "order") return assertEquals(counts, { one: REQUESTS });
    for (const [place, name] of NAMES.entries()) {
      const fair = REQUESTS * WEIGHTS[place]! / 5;
      const count = counts[name] ?? 0;
      if (basis === "turn") assertEquals(count, fair);
      // Requests that end at once are hardly a load to go by, and keys fall by chance.
      else assertAlmostEquals(count, fair, 0.5 * fair, JSON.stringify(counts));
    }
  });

  Deno.test(`${algorithm} goes on without a backend that is gone, and takes it back`, async () => {
    await using backends = new NamedBackends(NAMES);
    await using scenario = await start(backends, {
      ...settings,
      health_check: { interval: "100ms", fall: 1, rise: 1 },
    });
    const clients = Array.from({ length: 60 }, (_, n) => clientOf(n));
    const before = await askAll(scenario, clients);

    await backends.stop("one");
    // At once, and when it is known to be down.
    assert(!(await askAll(scenario, clients)).includes("one"));
    await scenario.waitForLog(/Backend is down/);
    const during = await askAll(scenario, clients);
    assert(!during.includes("one"));
    if (keyed) {
      const moved = before.filter((name, n) => name !== "one" && name !== during[n]);
      assertEquals(moved, []);
    }
    backends.restart("one");
    await scenario.waitForLog(/Backend is up/);

    // The log knows it before the threads do.
    await eventually("the backend to get requests again", async () => {
      const after = await askAll(scenario, clients);
      if (keyed) return assertEquals(after, before);
      // One that goes by latency first waits until what it remembers is old.
      if (basis !== "latency") assert(after.includes("one"));
    });
  });

  if (!keyed) continue;

  Deno.test(`${algorithm} sends a key to one backend, whichever thread it comes to`, async () => {
    await using backends = new NamedBackends(NAMES);
    await using scenario = await start(backends, settings);
    const seen = new Set<string>();

    for (let n = 0; n < 12; n++) {
      const answers = await askAll(scenario, Array.from({ length: 8 }, () => clientOf(n)));
      assertEquals(new Set(answers).size, 1);
      seen.add(answers[0]!);
    }

    assertGreater(seen.size, 1);
  });
}

function start(backends: NamedBackends, upstream: Settings): Promise<Scenario> {
  return startHttp({
    workers: 2,
    backends: backends.addresses.map((address, place) => ({ address, weight: WEIGHTS[place]! })),
    listener: { trusted_proxies: ["127.0.0.0/8"] },
    upstream,
  });
}

/** Who answers each of the clients, in order. */
async function askAll(scenario: Scenario, clients: readonly Client[]): Promise<string[]> {
  const names: string[] = new Array(clients.length);
  await inParallel(clients.length, 10, async (n) => {
    names[n] = await ask(scenario, clients[n]!);
  });
  return names;
}

async function ask({ address }: Scenario, { network, user }: Client): Promise<string> {
  const fields = [`X-Forwarded-For: ${network}`, `X-User: ${user}`];
  const answer = await askOnce(address, headOf("GET / HTTP/1.1", "Host: a", ...fields));
  assertEquals(statusOf(answer), 200);
  return answer.body;
}
