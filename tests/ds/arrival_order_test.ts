import { assertEquals } from "@std/assert";
import { ArrivalOrder } from "../../lib/ds/arrival_order.ts";

const [A, B, C] = [{ id: "a" }, { id: "b" }, { id: "c" }] as const;

Deno.test("ArrivalOrder.items are in order of first arrival, after leaving too", () => {
  const order = new ArrivalOrder<{ id: string }>();
  for (const item of [A, B, C]) order.add(item);

  order.delete(A);
  assertEquals(order.items, [B, C]);

  order.delete(B);
  order.add(A);
  order.add(B);
  assertEquals(order.items, [A, B, C]);
});

Deno.test("ArrivalOrder.add() and delete() tell whether anything changed", () => {
  const order = new ArrivalOrder<{ id: string }>();

  assertEquals([order.add(A), order.add(A), order.has(A)], [true, false, true]);
  assertEquals([order.delete(A), order.delete(A), order.has(A)], [true, false, false]);
  assertEquals(order.items, []);
});
