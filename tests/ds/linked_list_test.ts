import { assertEquals } from "@std/assert";
import { type LinkedItem, LinkedList } from "../../lib/ds/linked_list.ts";
import { oneOf, seededRandom } from "../support/seeded_random.ts";

interface Item extends LinkedItem<Item> {
  readonly id: number;
}

function itemsOf(count: number): Item[] {
  return Array.from({ length: count }, (_, id) => ({ id, previous: undefined, next: undefined }));
}

function idsOf(list: LinkedList<Item>): number[] {
  const ids: number[] = [];
  for (let item = list.first; item !== undefined; item = item.next) ids.push(item.id);
  return ids;
}

Deno.test("LinkedList agrees with an array over random changes", () => {
  const random = seededRandom(4);
  const items = itemsOf(8);
  const list = new LinkedList<Item>();
  const model: number[] = [];

  for (let round = 0; round < 3000; round++) {
    const item = oneOf(random, items);
    const place = model.indexOf(item.id);
    if (place === -1) {
      list.append(item);
      model.push(item.id);
    } else if (random() < 0.5) {
      list.moveToEnd(item);
      model.push(...model.splice(place, 1));
    } else {
      list.delete(item);
      model.splice(place, 1);
    }
    assertEquals(idsOf(list), model);
  }
});
