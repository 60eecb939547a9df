import { assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import { parse } from "@std/yaml";
import { type ConfigEdit, editConfig, EditError } from "../../lib/config/edit.ts";

import { seededRandom } from "../support/seeded_random.ts";

const TEXT = `# The shop.
listeners: # everywhere
  - { address: ":80", upstream: app }

upstreams:
  app: # the app
    algorithm: maglev
    backends:
      # old
      - address: h:1
        name: a
      - address: "\${HOST}:2" # second
        weight: 3
  api: { backends: [{ address: "h:4" }] }
  same:
    backends: &list
      - address: h:7
      - address: h:8
  more:
    backends: *list
`;

function edit(...edits: readonly ConfigEdit[]): Promise<string> {
  const variables = (name: string) => ({ HOST: "h" })[name];
  return editConfig({ name: "weir.yaml", text: TEXT, variables }, edits);
}

/** Lines that are only in the first text, and those that are only in the second. */
async function difference(...edits: readonly ConfigEdit[]): Promise<[string[], string[]]> {
  const [before, after] = [TEXT, await edit(...edits)].map((text) => text.split("\n"));
  const minus = (some: string[], others: string[]) => some.filter((line) => !others.includes(line));
  return [minus(before!, after!), minus(after!, before!)];
}

Deno.test("editConfig() changes a weight and nothing else", async () => {
  assertEquals(
    await difference({ kind: "weight", upstream: "app", backend: "h:2", weight: 9 }),
    [["        weight: 3"], ["        weight: 9"]],
  );
  assertEquals(
    await difference({ kind: "weight", upstream: "app", backend: "a", weight: 9 }),
    [[], ["        weight: 9"]],
  );
});

Deno.test("editConfig() adds a backend as its neighbours are written", async () => {
  const backend = { name: "c", address: "h:${3", weight: 2 };

  assertEquals(await difference({ kind: "add", upstream: "app", backend }), [
    [],
    ['      - name: "c"', '        address: "h:$${3"', "        weight: 2"],
  ]);
  assertEquals(
    await difference({ kind: "add", upstream: "api", backend: { address: "h:5" } }),
    [
      ['  api: { backends: [{ address: "h:4" }] }'],
      ['  api: { backends: [{ address: "h:4" }, { address: "h:5" }] }'],
    ],
  );
});

Deno.test("editConfig() removes a backend with its comment", async () => {
  const [gone, added] = await difference({ kind: "remove", upstream: "app", backend: "h:2" });

  assertEquals([gone, added], [
    ['      - address: "${HOST}:2" # second', "        weight: 3"],
    [],
  ]);
});

Deno.test("editConfig() takes items out of a list in one line", async () => {
  const text = 'upstreams: { app: { backends: [{ address: "h:1" }, { address: "h:2" }] } } # x\n';
  const remove = async (backend: string) => {
    const file = { name: "weir.yaml", text, variables: () => undefined };
    return await editConfig(file, [{ kind: "remove", upstream: "app", backend }]);
  };

  assertEquals(
    await remove("h:1"),
    'upstreams: { app: { backends: [{ address: "h:2" }] } } # x\n',
  );
  assertEquals(
    await remove("h:2"),
    'upstreams: { app: { backends: [{ address: "h:1" }] } } # x\n',
  );
});

Deno.test("editConfig() makes several changes one after another", async () => {
  const text = await edit(
    { kind: "add", upstream: "api", backend: { address: "h:5" } },
    { kind: "weight", upstream: "api", backend: "h:5", weight: 3 },
    { kind: "remove", upstream: "api", backend: "h:4" },
  );

  assertStringIncludes(text, '  api: { backends: [{ address: "h:5", weight: 3 }] }');
});

Deno.test("editConfig() leaves a text alone that needs no change", async () => {
  assertEquals(await edit(), TEXT);
});

const REFUSED: readonly (readonly [name: string, edit: ConfigEdit, message: string])[] = [
  [
    "an upstream of an included file",
    { kind: "remove", upstream: "other", backend: "x" },
    'upstream "other" is not in "weir.yaml" but in a file that it includes',
  ],
  [
    "a list behind an anchor",
    { kind: "add", upstream: "more", backend: { address: "h:9" } },
    'the list of backends of upstream "more" is not written out in "weir.yaml"',
  ],
  [
    "a backend that is not there",
    { kind: "weight", upstream: "app", backend: "x", weight: 1 },
    'backend "x" of upstream "app" is not written out',
  ],
];

for (const [name, change, message] of REFUSED) {
  Deno.test(`editConfig() refuses ${name}`, async () => {
    await assertRejects(() => edit(change), EditError, message);
  });
}

Deno.test("editConfig() refuses a short form", async () => {
  const text = "balancer: { port: 80 }\nbackends: [{ host: h, port: 1 }]\n";
  const file = { name: "weir.yaml", text, variables: () => undefined };
  const change = { kind: "remove", upstream: "app", backend: "h:1" } as const;

  await assertRejects(() => editConfig(file, [change]), EditError, "weir check --expand");
});

/** A configuration with comments, in some mixture of styles, of backends with these ports. */
function write(ports: readonly number[], random: () => number): string {
  const any = <T>(...choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!;
  const comment = () => any("", "", " # a-b: c", " # - x");
  const weight = () => any("", "", "3", "w");
  if (random() < 0.3) {
    const items = ports.map((port) => {
      return any(`{ address: "h:${port}" }`, `{address: h:${port},weight: 2}`);
    });
    const list = any(items.join(", "), items.join(",\n      "));
    return `upstreams:\n  app: { backends: [${list}] }${comment()}\n`;
  }
  const indent = any("", "  ");
  const lines = ports.flatMap((port) => {
    const above = any([], [], [`    # of ${port} - and more`]);
    const dash = `    ${indent}-`;
    const own = weight();
    const more = own === ""
      ? []
      : [`    ${indent}  weight:${own === "w" ? "" : ` ${own}`}${comment()}`];
    return [
      ...above,
      ...any(
        [`${dash} address: h:${port}${comment()}`, ...more],
        [`${dash} { address: "h:${port}" }${comment()}`],
        [`${dash} # a-b`, `    ${indent}  address: 'h:${port}'`],
      ),
    ];
  });
  return [
    "# top",
    "upstreams:",
    "  app:",
    `    backends:${comment()}`,
    ...lines,
    any("", "  # end"),
  ]
    .join("\n");
}

Deno.test("editConfig() does what it is asked to in every style, or says that it cannot", async () => {
  const random = seededRandom(7);
  let refused = 0;
  for (let round = 0; round < 400; round++) {
    const text = write([1, 2, 3].slice(0, 1 + Math.floor(random() * 3)), random);
    const { upstreams: { app: { backends } } } = parse(text) as Parsed;
    const victim = backends[Math.floor(random() * backends.length)]!;
    const edits: ConfigEdit[] = [
      { kind: "add", upstream: "app", backend: { name: "new", address: "h:9" } },
      { kind: "weight", upstream: "app", backend: victim.address, weight: 7 },
      { kind: "remove", upstream: "app", backend: backends[0]!.address },
    ];
    const file = { name: "weir.yaml", text, variables: () => undefined };

    const edited = await editConfig(file, edits).catch((error) => error);

    if (edited instanceof EditError) {
      refused++;
      continue;
    }
    const weighed = backends.map((one) => one === victim ? { ...one, weight: 7 } : one);
    assertEquals(
      (parse(edited) as Parsed).upstreams.app.backends,
      [...weighed.slice(1), { name: "new", address: "h:9" }],
      `${text}\n---\n${edited}`,
    );
    for (const [line] of text.matchAll(/# (top|of|end).*/g)) assertStringIncludes(edited, line);
  }
  // A weight without a value is no backend that could run.
  assertLess(refused, 60);
});

interface Parsed {
  readonly upstreams: { readonly app: { readonly backends: readonly ParsedBackend[] } };
}
interface ParsedBackend {
  readonly address: string;
  readonly name?: string;
  readonly weight?: number;
}
