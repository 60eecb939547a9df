import { assertAlmostEquals, assertEquals, assertLessOrEqual } from "@std/assert";
import { HashRing, type RingOwner } from "../../lib/ds/hash_ring.ts";
import { seededRandom, wholeBelow } from "../support/seeded_random.ts";

function owners(count: number, pointCount: number): RingOwner[] {
  return Array.from({ length: count }, (_, place) => ({ id: `s${place}`, place, pointCount }));
}

Deno.test("HashRing.pointAt() goes up with the position and wraps after the last point", () => {
  const ring = new HashRing(owners(20, 50));
  const random = seededRandom(3);
  const positions = Array.from({ length: 5000 }, () => wholeBelow(random, 2 ** 32))
    .sort((a, b) => a - b);

  const points = positions.map((position) => ring.pointAt(position));

  const wrap = points.indexOf(0, points.findIndex((point) => point > 0));
  const climbing = wrap === -1 ? points : points.slice(0, wrap);
  assertEquals(climbing, climbing.toSorted((a, b) => a - b));
  assertEquals(new Set(points.slice(climbing.length)), new Set([0]));
  assertEquals(ring.pointAt(0), 0);
});

Deno.test("HashRing.pointAt() reaches each point of small rings and large", () => {
  for (const [count, pointCount] of [[1, 1], [1, 2], [2, 1], [3, 7], [50, 160]] as const) {
    const ring = new HashRing(owners(count, pointCount));
    const reached = new Set<number>();

    // Every 2^12th position: points of these rings are rarely nearer to each other.
    for (let position = 0; position < 2 ** 32; position += 2 ** 12) {
      reached.add(ring.pointAt(position));
    }

    assertEquals(ring.length, count * pointCount);
    assertLessOrEqual(ring.length - reached.size, ring.length / 50);
  }
});

Deno.test("HashRing has as many points of each owner as it asked for", () => {
  const uneven = owners(30, 1).map((owner) => ({ ...owner, pointCount: 1 + 10 * owner.place }));
  const ring = new HashRing(uneven);
  const counts = new Array<number>(30).fill(0);

  for (let point = 0; point < ring.length; point++) counts[ring.placeAt(point)]!++;

  assertEquals(counts, uneven.map(({ pointCount }) => pointCount));
});

Deno.test("HashRing spreads the points of one owner over the circle", () => {
  const ring = new HashRing(owners(1, 100_000));
  const quarters = [0.25, 0.5, 0.75].map((part) => ring.pointAt(part * 2 ** 32) / ring.length);

  for (const [index, part] of quarters.entries()) {
    assertAlmostEquals(part, 0.25 * (index + 1), 0.01);
  }
});
