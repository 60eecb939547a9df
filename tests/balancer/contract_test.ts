import { assert, assertEquals } from "@std/assert";
import { BoundedLoad } from "../../lib/balancer/bounded_load.ts";
import {
  ALGORITHM_ALIASES,
  ALGORITHMS,
  DECORATORS,
  resolveAlgorithm,
} from "../../lib/balancer/registry.ts";
import { type FakeServer, seededOptions } from "../support/farm.ts";
import { CONTRACT } from "./contract.ts";

type Exceptions = Readonly<Record<string, string>>;

const BY_TURN = "goes by turn; neither key nor load has a say";
const BY_LOAD = "goes by load; the key has no say";
const BY_KEY = "goes by key; load has no say";
const LESS_LOADED = "prefers the strictly less loaded of two";
const BY_CHANCE = "goes by chance; neither key nor load has a say";
const BY_ORDER = "goes by order of arrival; neither weight, key nor load has a say";
const SAME_KEY = "names the same server for the same key, in whatever order servers were added";
const FEW_KEYS = "moves few keys of other servers when one is removed";

/** Clauses that an algorithm does not promise, each with the reason. */
const EXCEPTIONS: Readonly<Record<string, Exceptions>> = {
  round_robin: {
    [LESS_LOADED]: BY_TURN,
    [SAME_KEY]: BY_TURN,
    [FEW_KEYS]: BY_TURN,
  },
  least_connections: {
    [SAME_KEY]: BY_LOAD,
    [FEW_KEYS]: BY_LOAD,
  },
  ip_hash: { [LESS_LOADED]: BY_KEY },
  consistent_hash: { [LESS_LOADED]: BY_KEY },
  maglev: { [LESS_LOADED]: BY_KEY },
  rendezvous: { [LESS_LOADED]: BY_KEY },
  weighted_round_robin: {
    "prefers the strictly less loaded of two": BY_TURN,
    [SAME_KEY]: BY_TURN,
    [FEW_KEYS]: BY_TURN,
  },
  random: {
    "prefers the strictly less loaded of two": BY_CHANCE,
    [SAME_KEY]: BY_CHANCE,
    [FEW_KEYS]: BY_CHANCE,
  },
  p2c: {
    [SAME_KEY]: BY_LOAD,
    [FEW_KEYS]: BY_LOAD,
  },
  peak_ewma: {
    [SAME_KEY]: BY_LOAD,
    [FEW_KEYS]: BY_LOAD,
  },
  first: {
    "takes a server that is added twice as one": BY_ORDER,
    "takes a server back that was removed": BY_ORDER,
    "shares by weight": BY_ORDER,
    "shares by weight among those left after a removal": BY_ORDER,
    "shares by weight among those eligible": BY_ORDER,
    "shares by weight when the heaviest server by far is not eligible": BY_ORDER,
    "never gives twice the fair share while servers come and go": BY_ORDER,
    "prefers the strictly less loaded of two": BY_ORDER,
    [SAME_KEY]: BY_ORDER,
  },
};

/** How far shares may be from those of the weights, where it is not {@linkcode USUAL_TOLERANCE}. */
const TOLERANCES: Readonly<Record<string, number>> = {
  // A server of weight 1 has 160 points, whose spread is one in the square root of that.
  consistent_hash: 0.25,
};
const USUAL_TOLERANCE = 0.1;
/** The bound evens the work of the moment; the even keys of the farm meet in one part of a table. */
const BOUNDED_TOLERANCE = 0.25;

for (const [algorithm, { create }] of Object.entries(ALGORITHMS)) {
  for (const { name, hold } of CONTRACT) {
    if (EXCEPTIONS[algorithm]?.[name] !== undefined) continue;
    Deno.test(`Balancer.pick() of ${algorithm} ${name}`, () => {
      hold(() => create<FakeServer>(seededOptions()), TOLERANCES[algorithm] ?? USUAL_TOLERANCE);
    });
  }
}

for (const [algorithm, { create, basis }] of Object.entries(ALGORITHMS)) {
  if (DECORATORS["bounded_load"]?.bases.includes(basis) !== true) continue;
  for (const clause of CONTRACT) {
    if (EXCEPTIONS[algorithm]?.[clause.name] !== undefined) continue;
    Deno.test(`Balancer.pick() of ${algorithm} with bounded_load ${clause.name}`, () => {
      const make = () => new BoundedLoad(create<FakeServer>(seededOptions()), { factor: 2 });
      clause.hold(make, BOUNDED_TOLERANCE);
    });
  }
}

Deno.test("EXCEPTIONS and TOLERANCES name only algorithms and clauses that exist", () => {
  const clauses = new Set(CONTRACT.map(({ name }) => name));

  for (const algorithm of Object.keys(TOLERANCES)) {
    assert(Object.hasOwn(ALGORITHMS, algorithm), algorithm);
  }
  for (const [algorithm, exceptions] of Object.entries(EXCEPTIONS)) {
    assert(Object.hasOwn(ALGORITHMS, algorithm), algorithm);
    for (const name of Object.keys(exceptions)) assert(clauses.has(name), name);
  }
});

Deno.test("ALGORITHMS and DECORATORS have a line for every file of lib/balancer", async () => {
  const folder = new URL("../../lib/balancer/", import.meta.url);
  const files: string[] = [];
  for await (const { name } of Deno.readDir(folder)) files.push(name);

  const named = files
    .filter((name) => name.endsWith(".ts") && name !== "balancer.ts" && name !== "registry.ts")
    .map((name) => name.replace(/\.ts$/, ""));

  const listed = [...Object.keys(ALGORITHMS), ...Object.keys(DECORATORS)];
  assertEquals(named.sort(), listed.sort());
});

Deno.test("the README has a row for every algorithm, with its other names, and every decorator", async () => {
  const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));

  for (const name of Object.keys(ALGORITHMS)) {
    const row = readme.split("\n").find((line) => line.startsWith(`| \`${name}\``));
    assert(row !== undefined, `${name} must have a row in the README's table of algorithms`);
    for (const [alias, canonical] of Object.entries(ALGORITHM_ALIASES)) {
      if (canonical === name) {
        assert(row.includes(`\`${alias}\``), `${alias} in the row of ${name}`);
      }
    }
  }
  for (const name of Object.keys(DECORATORS)) assert(readme.includes(`\`${name}: `), name);
});

Deno.test("resolveAlgorithm() knows names and aliases, and nothing else", () => {
  for (const name of Object.keys(ALGORITHMS)) assertEquals(resolveAlgorithm(name), name);
  for (const [alias, name] of Object.entries(ALGORITHM_ALIASES)) {
    assertEquals(resolveAlgorithm(alias), name);
  }
  for (const name of ["", "fastest", "constructor", "__proto__", "toString"]) {
    assertEquals(resolveAlgorithm(name), undefined);
  }
});
