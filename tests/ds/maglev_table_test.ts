import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { buildMaglevTable, type MaglevOwner } from "../../lib/ds/maglev_table.ts";

function owners(...weights: number[]): MaglevOwner[] {
  return weights.map((weight, place) => ({ id: `s${place}`, place, weight }));
}

function counts(table: Uint32Array, ownerCount: number): number[] {
  const found = new Array<number>(ownerCount).fill(0);
  for (const place of table) found[place]!++;
  return found;
}

Deno.test("buildMaglevTable() gives all slots away, in turn among equals", () => {
  for (const length of [7, 13, 101, 65_537]) {
    const found = counts(buildMaglevTable(owners(1, 1, 1, 1, 1), length), 5);

    assertEquals(found.reduce((sum, count) => sum + count), length);
    // Those named first have the odd ones.
    assertEquals(found, found.map((_, owner) => Math.ceil((length - owner) / 5)));
  }
});

Deno.test("buildMaglevTable() gives each owner slots by its weight, to a few", () => {
  for (const weights of [[3, 1], [100, 1, 1], [7, 11, 13], [65_535, 1], [1, 1, 1, 997]]) {
    const total = weights.reduce((sum, weight) => sum + weight);

    const found = counts(buildMaglevTable(owners(...weights), 10_007), weights.length);

    for (const [owner, weight] of weights.entries()) {
      assertLessOrEqual(Math.abs(found[owner]! - 10_007 * weight / total), weights.length + 1);
    }
  }
});

Deno.test("buildMaglevTable() leaves no owner out, and ends when there are as many as slots", () => {
  const table = buildMaglevTable(owners(1000, ...new Array<number>(100).fill(1)), 101);

  assertEquals(counts(table, 101), new Array<number>(101).fill(1));
});

Deno.test("buildMaglevTable() goes by ids, not by what places they have", () => {
  const named = owners(1, 2, 3);
  const elsewhere = named.map((owner) => ({ ...owner, place: owner.place + 40 }));

  const table = buildMaglevTable(named, 101);

  assertEquals(buildMaglevTable(elsewhere, 101), table.map((place) => place + 40));
  assert(table.includes(0));
});
