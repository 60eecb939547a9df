import { assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";
import { type Drawable, WeightedDraw } from "../../lib/ds/weighted_draw.ts";
import { seededRandom } from "../support/seeded_random.ts";

interface Item {
  readonly id: string;
  weight: number;
}

const ANY = { eligible: () => true };

function itemsOf(weights: readonly number[]): Item[] {
  return weights.map((weight, place) => ({ id: `i${place}`, weight }));
}

type Entry = Drawable<Item>;

function entriesOf(items: readonly Item[]): Entry[] {
  return items.map((candidate) => ({ candidate, place: -1 }));
}

function drawOf(items: readonly Item[], random: () => number): WeightedDraw<Item, Entry> {
  return drawFrom(entriesOf(items), random);
}

function drawFrom(entries: readonly Entry[], random: () => number): WeightedDraw<Item, Entry> {
  const draw = new WeightedDraw<Item, Entry>(random);
  for (const entry of entries) draw.add(entry);
  return draw;
}

/** Fails unless `items` are drawn by weight, to five standard deviations. */
function assertByWeight(items: readonly Item[], next: () => Item | undefined): void {
  const draws = 40_000;
  const counts = new Map<Item | undefined, number>();
  for (let i = 0; i < draws; i++) {
    const item = next();
    counts.set(item, (counts.get(item) ?? 0) + 1);
  }
  const total = items.reduce((sum, { weight }) => sum + weight, 0);
  for (const item of items) {
    const part = item.weight / total;
    const off = Math.abs((counts.get(item) ?? 0) - draws * part);
    assertLessOrEqual(off, 5 * Math.sqrt(draws * part * (1 - part)) + 1, item.id);
  }
}

Deno.test("WeightedDraw.draw() draws by weight, whatever the weights", () => {
  const weights = fc.array(fc.integer({ min: 1, max: 65_535 * 20 }), {
    minLength: 1,
    maxLength: 20,
  });

  fc.assert(
    fc.property(weights, fc.nat(), (weights, seed) => {
      const items = itemsOf(weights);
      const draw = drawOf(items, seededRandom(seed));
      assertByWeight(items, () => draw.draw(ANY)?.candidate);
    }),
    { numRuns: 30, seed: 1 },
  );
});

Deno.test("WeightedDraw.draw() covers each item's part of [0, 1) exactly", () => {
  const items = itemsOf([3, 1, 4, 1, 5, 9]);
  const steps = 23 * 6 * 10;
  let step = 0;
  const draw = drawOf(items, () => (step++ + 0.5) / steps);

  const counts = new Map(items.map((item) => [item, 0]));
  for (let i = 0; i < steps; i++) {
    const item = draw.draw(ANY)!.candidate;
    counts.set(item, counts.get(item)! + 1);
  }

  assertEquals([...counts.values()], [3, 1, 4, 1, 5, 9].map((weight) => weight * 60));
});

Deno.test("WeightedDraw.draw() draws by weight among those accepted, one of the heaviest refused", () => {
  const items = itemsOf([1000, 1, 2, 3]);
  const draw = drawOf(items, seededRandom(2));

  const filter = { eligible: (item: Item) => item.weight < 1000 };

  assertByWeight(items.slice(1), () => draw.draw(filter)?.candidate);
});

Deno.test("WeightedDraw.draw() never draws the exception, even if it has nearly all the weight", () => {
  const items = itemsOf([1_000_000, 1, 3]);
  const entries = entriesOf(items);
  const draw = drawFrom(entries, seededRandom(3));

  assertByWeight(items.slice(1), () => draw.draw(ANY, entries[0])?.candidate);
});

Deno.test("WeightedDraw goes by new weights once told, and by those left after a removal", () => {
  const items = itemsOf([5, 5, 5, 5]);
  const entries = entriesOf(items);
  const draw = drawFrom(entries, seededRandom(4));
  draw.draw(ANY);

  items[1]!.weight = 50;
  draw.weightsChanged();
  assertByWeight(items, () => draw.draw(ANY)?.candidate);

  draw.remove(entries[0]!);
  draw.remove(entries[3]!);
  assertByWeight(items.slice(1, 3), () => draw.draw(ANY)?.candidate);
});
