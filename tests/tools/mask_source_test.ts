import { assertEquals } from "@std/assert";
import { maskSource } from "../../tools/mask_source.ts";

for (
  const [source, masked] of [
    ["a // b", "a     "],
    ["a /* b\n * c */ d", "a     \n        d"],
    [`f("x\\"y", 'z')`, `f("    ", ' ')`],
    ["f(`x${y}z`)", "f(` ${y} `)"],
    ["`a${ { b: `c${d}e` } }f`", "` ${ { b: ` ${d} ` } } `"],
    ["a = /[\"'/]`/g;", "a =         g;"],
    ["a / b / 'c'", "a / b / ' '"],
    ["(a) / b; // c", "(a) / b;     "],
    ["return /'/.test(a)", "return    .test(a)"],
    ["\"unfinished\n'x'", "\"         d\n' '"],
    ["", ""],
  ] as const
) {
  Deno.test(`maskSource() of ${JSON.stringify(source)}`, () => {
    const actual = maskSource(source);

    assertEquals(actual, masked);
    assertEquals(actual.length, source.length);
  });
}
