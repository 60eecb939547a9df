import { assertAlmostEquals, assertEquals } from "@std/assert";
import { KEPT_POINTS } from "../../../dashboard/history.ts";
import { assignColours, SHOWN_SHARES, stack, Track } from "../../../dashboard/shares.ts";

Deno.test("assignColours() gives colours to those with the most work", () => {
  const ranked = Array.from({ length: 20 }, (_, at) => `b${at}`);

  assertEquals(assignColours(ranked, []), ranked.slice(0, SHOWN_SHARES));
  assertEquals(assignColours(["a"], []).slice(0, 2), ["a", undefined]);
});

Deno.test("assignColours() leaves a colour to whoever had it", () => {
  const before = ["a", "b", "c", "d", "e", "f", "g"];

  const after = assignColours(["h", "g", "f", "e", "d", "c", "b", "a"], before);

  assertEquals(after, ["h", "b", "c", "d", "e", "f", "g"]);
});

Deno.test("Track keeps the sum of what it still holds", () => {
  const track = new Track();
  for (let place = 0; place < KEPT_POINTS + 3; place++) track.set(place, place < 3 ? 1000 : 0.1);

  assertAlmostEquals(track.sum, KEPT_POINTS * Math.fround(0.1));
  assertAlmostEquals(track.recent(KEPT_POINTS + 2, 5), 0.1, 1e-6);
});

Deno.test("Track.recent() is the mean of what there is", () => {
  const track = new Track();
  track.set(0, 4);
  track.set(1, 8);

  assertEquals(track.recent(1, 5), 6);
});

Deno.test("stack() piles up parts of a whole, with a gap where there was no work", () => {
  const [a, b, total] = [new Track(), new Track(), new Track()];
  for (const [place, [ofA, ofB, all]] of [[1, 2, 4], [0, 0, 0], [5, 5, 10]].entries()) {
    a.set(place, ofA!);
    b.set(place, ofB!);
    total.set(place, all!);
  }

  assertEquals(stack([a, b], total, [0, 1, 2]), [[0.25, null, 0.5], [0.75, null, 1]]);
});
