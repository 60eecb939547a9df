import { assertEquals } from "@std/assert";
import { AliasTable } from "../../lib/ds/alias_table.ts";

/** How often each place comes of evenly spaced numbers. */
function tally(weights: readonly number[], draw: (table: AliasTable, chance: number) => number) {
  const table = new AliasTable(Float64Array.from(weights));
  const steps = 1000 * weights.reduce((sum, weight) => sum + weight, 0) * weights.length;
  const counts = weights.map(() => 0);
  for (let step = 0; step < steps; step++) counts[draw(table, (step + 0.5) / steps)]! += 1;
  return counts.map((count) => count / 1000 / weights.length);
}

for (const weights of [[1], [2, 2, 2], [3, 1, 4, 1, 5], [0, 7, 1]]) {
  Deno.test(`AliasTable draws ${weights.join(", ")} by weight, exactly`, () => {
    assertEquals(tally(weights, (table, chance) => table.index(chance)), weights);
  });

  Deno.test(`AliasTable draws ${weights.join(", ")} from a column and a part of it alike`, () => {
    const count = weights.length;
    const inTwo = (table: AliasTable, chance: number) =>
      table.at(Math.floor(chance * count), chance * count % 1);

    assertEquals(tally(weights, inTwo), weights);
  });
}
