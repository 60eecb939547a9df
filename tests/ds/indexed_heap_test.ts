import { assertEquals } from "@std/assert";
import { type HeapItem, IndexedHeap } from "../../lib/ds/indexed_heap.ts";
import { oneOf, seededRandom, wholeBelow } from "../support/seeded_random.ts";

interface Item extends HeapItem {
  key: number;
  readonly number: number;
}

function item(key: number, number = key): Item {
  return { key, number, place: -1 };
}

/** A total order, so that the first item is always one and the same. */
function isBefore(a: Item, b: Item): boolean {
  return a.key < b.key || (a.key === b.key && a.number < b.number);
}

function heapOf(keys: readonly number[]): { heap: IndexedHeap<Item>; items: Item[] } {
  const heap = new IndexedHeap<Item>(isBefore);
  const items = keys.map((key, number) => item(key, number));
  for (const each of items) heap.push(each);
  return { heap, items };
}

Deno.test("IndexedHeap.peek() answers undefined when empty", () => {
  const { heap } = heapOf([]);

  assertEquals(heap.peek(), undefined);
  assertEquals(heap.find(() => true), undefined);
  assertEquals(heap.size, 0);
});

Deno.test("IndexedHeap gives items out in order", () => {
  const { heap } = heapOf([5, 3, 8, 1, 9, 2, 7]);

  const out: number[] = [];
  for (let first = heap.peek(); first !== undefined; first = heap.peek()) {
    out.push(first.key);
    heap.delete(first);
  }

  assertEquals(out, [1, 2, 3, 5, 7, 8, 9]);
});

Deno.test("IndexedHeap.push() leaves an item that is in it as it is", () => {
  const { heap, items } = heapOf([1, 2]);

  heap.push(items[0]!);

  assertEquals(heap.size, 2);
});

Deno.test("IndexedHeap.delete() and update() do not mind an item that is not in it", () => {
  const { heap, items } = heapOf([1, 2]);
  const stranger = item(0);

  heap.delete(stranger);
  heap.update(stranger);
  heap.delete(items[0]!);
  heap.delete(items[0]!);
  heap.update(items[0]!);

  assertEquals([heap.size, heap.has(stranger), heap.has(items[0]!)], [1, false, false]);
  assertEquals(heap.peek(), items[1]);
});

Deno.test("IndexedHeap.find() asks about no item that comes after one it refused less", () => {
  const { heap } = heapOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const asked: number[] = [];

  heap.find(({ key }) => {
    asked.push(key);
    return key > 1;
  });

  // 1 is refused; of its two children 2 is the better one, and below 2 nothing is looked at.
  assertEquals(asked.length <= 3, true, `asked ${asked}`);
});

Deno.test("IndexedHeap.find() answers undefined when every item is refused", () => {
  const { heap } = heapOf([1, 2, 3, 4, 5]);
  let asked = 0;

  assertEquals(heap.find(() => asked++ < 0), undefined);
  assertEquals(asked, 5);
});

for (const seed of [1, 2, 3, 4]) {
  Deno.test(`IndexedHeap agrees with a sorted array over random changes, seed ${seed}`, () => {
    const random = seededRandom(seed);
    const items = Array.from({ length: 40 }, (_, number) => item(0, number));
    const heap = new IndexedHeap<Item>(isBefore);
    const model = new Set<Item>();

    for (let step = 0; step < 5000; step++) {
      change(oneOf(random, items));
      const sorted = [...model].sort((a, b) => isBefore(a, b) ? -1 : 1);
      assertEquals(heap.size, model.size);
      assertEquals(heap.peek()?.number, sorted[0]?.number);
      const refused = new Set(sorted.filter(() => random() < 0.5));
      const accepts = (each: Item) => !refused.has(each);
      assertEquals(heap.find(accepts)?.number, sorted.find(accepts)?.number);
    }

    function change(chosen: Item): void {
      const kind = wholeBelow(random, 4);
      if (kind === 0) {
        heap.delete(chosen);
        model.delete(chosen);
      } else if (kind === 1) {
        // Outside a heap an item may change as it likes.
        if (!heap.has(chosen)) chosen.key = wholeBelow(random, 20);
        heap.push(chosen);
        model.add(chosen);
      } else {
        chosen.key = wholeBelow(random, 20);
        heap.update(chosen);
      }
      assertEquals(heap.has(chosen), model.has(chosen));
    }
  });
}
