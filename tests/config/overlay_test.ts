import { assertEquals, assertThrows } from "@std/assert";
import {
  addBackend,
  applyOverlay,
  NO_OVERLAY,
  type Overlay,
  OverlayError,
  removeBackend,
} from "../../lib/config/overlay.ts";
import { parseBackend } from "../../lib/config/parse_backend.ts";
import type { Config } from "../../lib/config/types.ts";
import { configOf } from "./support.ts";

/** A file with one upstream, `app`, of these backends. */
function fileWith(...backends: readonly string[]): Promise<Config> {
  const list = backends.map((backend) => `{ ${backend} }`).join(", ");
  return configOf(
    `listeners: [{ address: ":80", upstream: app }]\nupstreams: { app: { backends: [${list}] } }`,
  );
}

const A = 'name: a, address: "h:1"';
const B = 'name: b, address: "h:2"';

function add(file: Config, overlay: Overlay, body: object): Overlay {
  const read = parseBackend(body);
  if (!read.ok) throw new Error(read.problems.join());
  return addBackend(file, overlay, { upstream: "app", ...read.backend });
}

function remove(file: Config, overlay: Overlay, id: string): Overlay {
  return removeBackend(file, overlay, { upstream: "app", id });
}

/** Ids and weights that are in force. */
function inForce(file: Config, overlay: Overlay): string {
  const { config } = applyOverlay(file, overlay);
  return config.upstreams[0]!.backends.map(({ id, weight }) => `${id}*${weight}`).join(" ");
}

Deno.test("addBackend() adds to the end, with the defaults of the file", async () => {
  const file = await fileWith(A, B);

  const overlay = add(file, NO_OVERLAY, { address: "h:3", weight: 4 });

  assertEquals(inForce(file, overlay), "a*1 b*1 h:3*4");
  assertEquals(applyOverlay(file, overlay).config.upstreams[0]!.backends[2], {
    id: "h:3",
    address: { kind: "tcp", hostname: "h", port: 3 },
    weight: 4,
  });
});

Deno.test("addBackend() refuses a backend that is there, by its name or its address", async () => {
  const file = await fileWith(A, B);
  const overlay = add(file, NO_OVERLAY, { address: "h:3", name: "c" });

  for (const body of [{ address: "h:9", name: "b" }, { address: "h:1" }, { address: "h:3" }]) {
    const error = assertThrows(() => add(file, overlay, body), OverlayError);
    assertEquals(/upstream "app" has this backend already, as "[abc]"/.test(error.message), true);
  }
  assertThrows(
    () => addBackend(file, overlay, { upstream: "no", ...backendAt("h:8") }),
    OverlayError,
    'there is no upstream "no"',
  );
});

Deno.test("removeBackend() takes out a backend of the file, and one that was added", async () => {
  const file = await fileWith(A, B);
  const added = add(file, NO_OVERLAY, { address: "h:3" });

  assertEquals(inForce(file, remove(file, added, "a")), "b*1 h:3*1");
  assertEquals(remove(file, added, "h:3"), NO_OVERLAY);
});

Deno.test("removeBackend() leaves the last one, and knows who is there", async () => {
  const file = await fileWith(A, B);
  const one = remove(file, NO_OVERLAY, "a");

  assertThrows(() => remove(file, one, "b"), OverlayError, "is the last backend");
  assertThrows(() => remove(file, one, "a"), OverlayError, 'has no backend "a"');
});

Deno.test("addBackend() puts back what was removed, as the file has it", async () => {
  const file = await fileWith(`${A}, weight: 5`, B);
  const removed = remove(file, NO_OVERLAY, "a");

  assertEquals(add(file, removed, { address: "h:1" }), NO_OVERLAY);
  assertEquals(add(file, removed, { address: "h:1", name: "a", weight: 5 }), NO_OVERLAY);
  const other = { address: "h:1", weight: 6 };
  assertThrows(() => add(file, removed, other), OverlayError, "with other settings");
});

const RULES: readonly (readonly [
  name: string,
  after: readonly string[],
  inForce: string,
  left: readonly string[],
])[] = [
  ["stays what it is while the file stays", [A, B], "b*1 c*7", ["c", "a"]],
  ["outlives another change of the file", [A, `${B}, weight: 3`], "b*3 c*7", ["c", "a"]],
  [
    "ends where the file names what was added",
    [A, B, 'name: c, address: "h:9"'],
    "b*1 c*1",
    ["a"],
  ],
  ["goes by addresses too", [A, B, 'name: x, address: "h:3"'], "b*1 x*1", ["a"]],
  ["ends where the file changes what was removed", [`${A}, weight: 2`, B], "a*2 b*1 c*7", ["c"]],
  ["ends where the file removes it too", [B], "b*1 c*7", ["c"]],
];

for (const [name, after, expected, left] of RULES) {
  Deno.test(`an overlay ${name}`, async () => {
    const before = await fileWith(A, B);
    const first = add(before, NO_OVERLAY, { address: "h:3", name: "c", weight: 7 });
    const overlay = remove(before, first, "a");
    const file = await fileWith(...after);

    const { added, removed } = applyOverlay(file, overlay).overlay;

    assertEquals(inForce(file, overlay), expected);
    assertEquals([...added, ...removed].map(({ spec }) => spec.id), left);
  });
}

Deno.test("an overlay never leaves an upstream without a backend", async () => {
  const before = await fileWith(A, B);
  const overlay = remove(before, NO_OVERLAY, "a");
  const file = await fileWith(A);

  assertEquals(inForce(file, overlay), "a*1");
  assertEquals(applyOverlay(file, overlay).overlay, NO_OVERLAY);
});

Deno.test("an overlay of an upstream that is no more is dropped", async () => {
  const overlay = add(await fileWith(A), NO_OVERLAY, { address: "h:3" });
  const file = await configOf(
    'listeners: [{ address: ":80", upstream: x }]\nupstreams: { x: { backends: [{ address: "h:1" }] } }',
  );

  assertEquals(applyOverlay(file, overlay).overlay, NO_OVERLAY);
});

const WRONG: readonly (readonly [body: unknown, problem: RegExp])[] = [
  [{}, /^address: /],
  [{ address: "h:1", weight: 70_000 }, /^weight: must be a whole number from 0 to 65535/],
  [{ address: "h:1", wieght: 1 }, /^wieght: .*did you mean "weight"/],
  [{ address: "nowhere" }, /^address: /],
  [[], /must be a mapping/],
];

for (const [body, problem] of WRONG) {
  Deno.test(`parseBackend() refuses ${JSON.stringify(body)}`, () => {
    const read = parseBackend(body);

    assertEquals(!read.ok && problem.test(read.problems.join("\n")), true, JSON.stringify(read));
  });
}

function backendAt(address: string) {
  const read = parseBackend({ address });
  if (!read.ok) throw new Error(read.problems.join());
  return read.backend;
}
