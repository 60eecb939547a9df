import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { NamedBackends } from "../support/named_backends.ts";
import { HttpBackend } from "../support/http_backend.ts";
import { HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { HttpTraffic } from "../support/http_traffic.ts";
import type { Scenario } from "../support/scenario.ts";
import { eventually } from "../support/wait.ts";
import { runWeir } from "../support/weir.ts";

const GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

function ctlOf(scenario: Scenario) {
  return (...words: string[]) => runWeir({ args: ["ctl", "--admin", scenario.admin, ...words] });
}

async function ids(scenario: Scenario): Promise<string[]> {
  return (await scenario.backendStatus()).map(({ id }) => id);
}

/** Answers of a backend go on, or have ended. */
async function untilWorks(traffic: HttpTraffic, name: string): Promise<void> {
  const before = traffic.answers.get(name) ?? 0;
  await eventually(`work for ${name}`, () => {
    assertGreater(traffic.answers.get(name) ?? 0, before + 5);
  });
}

for (
  const [way, sandbox, means] of [
    ["in place, where threads may go anywhere", false, "in place"],
    ["by threads that may go there", true, "by new threads"],
  ] as const
) {
  Deno.test(`a backend is added and removed under load ${way}, and no request fails`, async () => {
    await using farm = new NamedBackends(["b0", "b1", "b2"]);
    const [b0, b1, b2] = farm.addresses;
    await using scenario = await startHttp({
      backends: [{ name: "b0", address: b0 }, { name: "b1", address: b1 }],
      workers: 2,
      top: { sandbox },
    });
    const ctl = ctlOf(scenario);
    const traffic = new HttpTraffic(scenario.address);
    await untilWorks(traffic, "b1");

    const added = await ctl("add", "app", b2!, "--name", "b2", "--weight", "2");
    await untilWorks(traffic, "b2");
    const status = await scenario.status();
    const removed = await ctl("remove", "app", "b0");
    await eventually("no more work for b0", async () => {
      const before = traffic.answers.get("b0");
      await untilWorks(traffic, "b2");
      await untilWorks(traffic, "b1");
      assertEquals(traffic.answers.get("b0"), before);
    });
    const after = await ids(scenario);
    await traffic.stop();

    assertEquals([added.code, removed.code], [0, 0], added.stderr + removed.stderr);
    assertEquals(
      added.stdout,
      `done, ${means}\n  backend app/b2 (${b2}): added\n`,
    );
    assertMatch(removed.stdout, /^done, in place\n {2}backend app\/b0 \(\S+\): removed\n$/);
    assertEquals(status.upstreams[0]?.backends[2]?.weight, 2);
    assertEquals(status.overlay?.added.map(({ spec }) => spec.id), ["b2"]);
    assertEquals(after, ["b1", "b2"]);
    assertEquals(traffic.faults, []);
  });
}

Deno.test("what was added and removed outlives a reload of the file", async () => {
  await using farm = new NamedBackends(["b0", "b1", "b2"]);
  const [b0, b1, b2] = farm.addresses;
  await using scenario = await startHttp({
    backends: [{ name: "b0", address: b0 }, { name: "b1", address: b1 }],
  });
  const ctl = ctlOf(scenario);
  await ctl("add", "app", b2!, "--name", "b2");
  await ctl("remove", "app", "b0");

  await scenario.reload({ ...await scenario.config(), shutdown_delay: "1ms" });
  const kept = await ids(scenario);
  const status = await ctl("status");
  const again = await ctl("remove", "app", "b2");
  const last = await ctl("remove", "app", "b1");

  assertEquals(kept, ["b1", "b2"]);
  assertMatch(status.stdout, /^changed at run time: added app\/b2, removed app\/b0$/m);
  assertEquals([again.code, last.code], [0, 1]);
  assertMatch(last.stderr, /"b1" is the last backend of upstream "app": drain it instead/);
});

Deno.test("what is open on a backend that is removed may end", async () => {
  const gate = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  await using slow = new HttpBackend(async () => {
    began.resolve();
    await gate.promise;
    return "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow";
  });
  await using farm = new NamedBackends(["b1"]);
  await using scenario = await startHttp({
    backends: [{ name: "b0", address: slow.address }, {
      name: "b1",
      address: farm.addresses[0],
      backup: true,
    }],
  });
  using client = await HttpClient.connect(scenario.address);
  const answer = client.ask(GET);
  await began.promise;

  const { code } = await ctlOf(scenario)("remove", "app", "b0");
  gate.resolve();

  assertEquals(code, 0);
  assertEquals((await answer).body, "slow");
  assert((await client.ask(GET)).body === "b1");
});
