import { assertEquals, assertGreater, assertLess } from "@std/assert";
import type { Config } from "../../lib/config/types.ts";
import { countKeyMoves } from "../../lib/runtime/key_moves.ts";
import { planChange } from "../../lib/runtime/plan_change.ts";
import type { Status } from "../../lib/runtime/status.ts";
import { configOf } from "../config/support.ts";

interface Parts {
  readonly top?: string;
  readonly algorithm?: string;
  readonly listener?: string;
  /** Last numbers of the backends' addresses. */
  readonly backends?: readonly number[];
}

function config({ top = "", algorithm, listener = ":80", backends = [1, 2] }: Parts = {}) {
  const list = backends.map((last) => `{ name: b${last}, address: "10.0.0.${last}:80" }`);
  return configOf([
    "workers: 2",
    top,
    `listeners: [{ name: web, address: "${listener}", upstream: app }]`,
    `upstreams: { app: { algorithm: ${algorithm ?? "round_robin"}, backends: [${list}] } }`,
  ].join("\n"));
}

/** Only what a plan looks at. */
function statusOf({ listeners, upstreams }: Config): Status {
  return {
    listeners: listeners.map(({ name }) => ({ name, active: 7 })),
    upstreams: upstreams.map(({ name, backends }) => {
      return { name, backends: backends.map(({ id }) => ({ id, inFlight: 3 })) };
    }),
  } as unknown as Status;
}

Deno.test("planChange() is in place where no thread needs another permission", async () => {
  const before = await config({ backends: [1, 2] });
  const plan = planChange(before, await config({ backends: [1] }), statusOf(before));

  assertEquals(plan.how, "in_place");
  assertEquals(plan.permissions, { gained: [], lost: ["10.0.0.2:80"] });
  assertEquals(plan.draining, {
    listeners: [],
    backends: [{ name: "app/b2", inFlight: 3 }],
    withFormerThreads: 0,
  });
});

Deno.test("planChange() takes new threads where one does, and says for what", async () => {
  const before = await config();
  const after = await config({ backends: [1, 2, 3], listener: "127.0.0.1:81" });
  const plan = planChange(before, after, statusOf(before));

  assertEquals(plan.how, "new_threads");
  assertEquals(plan.permissions.gained, ["127.0.0.1:81", "10.0.0.3:80"]);
  assertEquals(plan.permissions.lost, ["0.0.0.0:80", "[::]:80"]);
  assertEquals(plan.draining, {
    listeners: [{ name: "web", open: 7 }],
    backends: [],
    withFormerThreads: 7,
  });
});

Deno.test("planChange() knows nothing of what is open where no running Weir was asked", async () => {
  const plan = planChange(await config(), await config({ top: "zone: z" }));

  assertEquals(plan.draining, undefined);
});

Deno.test("planChange() names what a reload does not take on", async () => {
  const before = await config();
  const top = "zone: z\ntcp: { congestion_control: bbr }\nadmin: { address: '127.0.0.1:9000' }";
  const plan = planChange(before, await config({ top }));

  assertEquals(plan.needRestart.toSorted(), ["congestionControl"]);
});

for (const algorithm of ["consistent_hash", "maglev", "rendezvous", "ip_hash"]) {
  Deno.test(`countKeyMoves() finds the fifth of the keys that a fifth backend gets by ${algorithm}`, async () => {
    const before = await config({ algorithm, backends: [1, 2, 3, 4] });
    const after = await config({ algorithm, backends: [1, 2, 3, 4, 5] });

    const [move] = countKeyMoves(before, after);

    // A table of `maglev` moves a few more, and `ip_hash` many.
    const most = { maglev: 3200, ip_hash: 9000 }[algorithm] ?? 2400;
    assertEquals(move?.upstream, "app");
    assertGreater(move!.moved, 1600);
    assertLess(move!.moved, most);
  });
}

Deno.test("countKeyMoves() leaves out what goes by no key, and what stays as it is", async () => {
  const keyed = await config({ algorithm: "maglev" });
  const turns = await config({ backends: [1] });

  assertEquals(countKeyMoves(keyed, keyed), []);
  assertEquals(countKeyMoves(await config(), turns), []);
  assertEquals(countKeyMoves(keyed, turns), []);
});
