import { assertEquals } from "@std/assert";
import type { BackendSpec } from "../../lib/core/types.ts";
import { placeBackends, type PlacedConfig } from "../../lib/runtime/layout.ts";
import { type BackendChange, Overrides } from "../../lib/runtime/overrides.ts";
import { configOf, tcp, upstreamConfig } from "../support/configs.ts";

/** One upstream with a backend on port 1, at place 3 of the tables, and maybe another at place 5. */
function configWith(weight: number, others: readonly number[] = []): PlacedConfig {
  const upstream = upstreamConfig("app", [tcp(1), ...others.map(tcp)]);
  const backends = upstream.backends.map((spec): BackendSpec => ({ ...spec, weight }));
  const places = backends.map((_, at) => 3 + 2 * at);
  const shape = { workers: 1, backends: 9, upstreams: 1, listeners: 0 };
  const layout = { shape, listeners: [], upstreams: [0], backends: [places] };
  return { ...configOf([], [{ ...upstream, backends }]), layout };
}

const BEFORE = configWith(1);
const WEIGHT = { weight: 7 } as const;
const DRAIN = { state: "drain" } as const;

const CASES: readonly (readonly [
  name: string,
  change: BackendChange,
  next: PlacedConfig,
  left: BackendChange | undefined,
])[] = [
  ["a weight, while the file keeps its own", WEIGHT, configWith(1, [2]), WEIGHT],
  ["no weight once the file gives another", WEIGHT, configWith(2), undefined],
  ["a state, whatever weight the file gives", { ...WEIGHT, ...DRAIN }, configWith(2), DRAIN],
  ["nothing of a backend that was removed", DRAIN, configOf([], []), undefined],
];

for (const [name, change, next, left] of CASES) {
  Deno.test(`Overrides.take() keeps ${name}`, () => {
    const overrides = new Overrides();
    const [before] = placeBackends(BEFORE);
    const after = placeBackends(next)[0] ?? before!;
    overrides.change(before!, change);

    const ahead = overrides.messages(next);
    assertEquals(overrides.of(before!), change);
    overrides.take(next);

    assertEquals(overrides.of(after), left);
    assertEquals(ahead, left === undefined ? [] : [overrides.messageOf(after)]);
  });
}

Deno.test("Overrides.take() forgets for good what the file took back", () => {
  const overrides = new Overrides();
  const [before] = placeBackends(BEFORE);
  overrides.change(before!, WEIGHT);

  overrides.take(configWith(2));
  overrides.take(BEFORE);

  assertEquals([overrides.of(before!), overrides.weightOf(before!)], [undefined, 1]);
});
