import { assertEquals, assertLessOrEqual } from "@std/assert";
import { type Listed, Roster } from "../../lib/ds/roster.ts";

function item(id: string, weight = 1): { id: string; weight: number } {
  return { id, weight };
}

function roster(...items: Listed[]): Roster<Listed> {
  const made = new Roster<Listed>();
  for (const each of items) made.add(each);
  return made;
}

Deno.test("Roster.add() says how an item came", () => {
  const a = item("a");
  const list = roster();

  assertEquals(list.add(a), "new");
  assertEquals(list.add(a), "here");
  list.remove(a);
  assertEquals(list.add(a), "back");
  list.remove(a);
  a.weight = 2;
  assertEquals(list.add(a), "changed");
});

Deno.test("Roster keeps the place of an item that is away", () => {
  const [a, b] = [item("a"), item("b")];
  const list = roster(a, b);

  list.remove(a);
  assertEquals([list.size, list.knownCount, list.placeOf(a)], [1, 2, 0]);
  assertEquals(list.present, [undefined, b]);

  list.add(a);
  assertEquals(list.present, [a, b]);
});

Deno.test("Roster.remove() leaves another item of the same id", () => {
  const [old, renewed] = [item("a"), item("a")];
  const list = roster(old);
  list.remove(old);
  list.add(renewed);

  assertEquals(list.remove(old), false);
  assertEquals(list.remove(item("stranger")), false);
  assertEquals(list.present, [renewed]);
});

Deno.test("Roster.reweigh() tells news of those here, and of no others", () => {
  const [a, gone] = [item("a"), item("gone")];
  const list = roster(a, gone);
  list.remove(gone);

  assertEquals(list.reweigh(a), false);
  a.weight = gone.weight = 3;

  assertEquals([list.reweigh(a), list.reweigh(a), list.reweigh(gone)], [true, false, false]);
  assertEquals(list.weights, [3, 1]);
});

Deno.test("Roster.placesById() is in the order of ids, of those away too", () => {
  const [c, a, b] = [item("c"), item("a"), item("b")];
  const list = roster(c, a, b);
  list.remove(a);

  assertEquals(list.placesById(), [1, 2, 0]);
});

Deno.test("Roster.forgetLongAway() forgets nobody while most are here", () => {
  const items = Array.from({ length: 40 }, (_, place) => item(`i${place}`));
  const list = roster(...items);
  for (const each of items.slice(0, 20)) list.remove(each);

  list.forgetLongAway();

  assertEquals(list.knownCount, 40);
});

Deno.test("Roster.forgetLongAway() forgets those longest away, and their places are taken", () => {
  const items = Array.from({ length: 40 }, (_, place) => item(`i${place}`));
  const list = roster(...items);
  for (const each of items.slice(0, 25)) list.remove(each);
  // Away, back and away again: not for long.
  list.add(items[0]!);
  list.remove(items[0]!);

  list.forgetLongAway();

  assertEquals([list.size, list.knownCount], [15, 22]);
  const kept = items.slice(0, 25).filter((each) => list.placeOf(each) !== undefined);
  assertEquals(kept.map(({ id }) => id), ["i0", "i19", "i20", "i21", "i22", "i23", "i24"]);
  assertEquals(list.placesById().length, 22);
  const newcomer = item("newcomer");
  assertEquals(list.add(newcomer), "new");
  assertEquals(list.placeOf(newcomer)! < 40, true);
  assertEquals(list.present[list.placeOf(newcomer)!], newcomer);
});

Deno.test("Roster does not grow while names come and go for ever", () => {
  const list = roster(item("stays"));

  for (let round = 0; round < 5000; round++) {
    const passing = item(`passing-${round}`);
    list.add(passing);
    list.remove(passing);
    list.forgetLongAway();
  }

  assertLessOrEqual(list.knownCount, 18);
  assertLessOrEqual(list.present.length, 18);
});
