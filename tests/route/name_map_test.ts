import { assertEquals } from "@std/assert";
import { NameMap } from "../../lib/route/name_map.ts";

const MAP = new NameMap([
  ["example.com", "exact"],
  ["*.example.com", "below"],
  ["*.a.example.com", "far below"],
  ["b.a.example.com", "exactly below"],
  ["*.org", "org"],
]);

const CASES: readonly [name: string, found: string | undefined][] = [
  ["example.com", "exact"],
  ["www.example.com", "below"],
  ["a.example.com", "below"],
  ["x.y.example.com", "below"],
  ["x.a.example.com", "far below"],
  ["x.y.a.example.com", "far below"],
  ["b.a.example.com", "exactly below"],
  ["www.example.org", "org"],
  ["org", undefined],
  ["notexample.com", undefined],
  ["com", undefined],
  ["", undefined],
];

for (const [name, found] of CASES) {
  Deno.test(`NameMap.find() of "${name}" is ${found}`, () => {
    assertEquals(MAP.find(name), found);
  });
}
