import { assertEquals, assertMatch } from "@std/assert";
import { formatTraceparent, parseTraceparent, randomId } from "../../lib/tracing/trace_context.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

Deno.test("parseTraceparent() reads the three parts that count", () => {
  for (const [flags, sampled] of [["00", false], ["01", true], ["03", true]] as const) {
    assertEquals(parseTraceparent(`00-${TRACE}-${SPAN}-${flags}`), {
      traceId: TRACE,
      spanId: SPAN,
      sampled,
    });
  }
});

Deno.test("parseTraceparent() takes later versions, which may go on", () => {
  assertEquals(parseTraceparent(`cc-${TRACE}-${SPAN}-01-what-comes`)?.traceId, TRACE);
});

for (
  const wrong of [
    "",
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-01-more`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}-${SPAN}-01\u0000`,
  ]
) {
  Deno.test(`parseTraceparent() refuses ${JSON.stringify(wrong)}`, () => {
    assertEquals(parseTraceparent(wrong), undefined);
  });
}

Deno.test("formatTraceparent() writes what parseTraceparent() reads", () => {
  for (const sampled of [true, false]) {
    const parent = { traceId: TRACE, spanId: SPAN, sampled };

    assertEquals(parseTraceparent(formatTraceparent(parent)), parent);
  }
});

Deno.test("randomId() is never all zeros", () => {
  assertEquals(randomId(16, () => 0), "0000000000000001");
  assertMatch(randomId(32, () => 0.999999), /^[0-9a-f]{32}$/);
});
