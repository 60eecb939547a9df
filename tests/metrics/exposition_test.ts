import { assertEquals } from "@std/assert";
import { Exposition, formatLabels } from "../../lib/metrics/exposition.ts";
import { BUCKET_BOUNDS } from "../../lib/metrics/histogram.ts";

Deno.test("Exposition writes help, type and samples of a metric", () => {
  const page = new Exposition();
  page.begin({ name: "weir_a_total", help: "How many.", type: "counter" })
    .sample(formatLabels({ x: "1" }), 3)
    .sample("", 1e21);
  page.begin({ name: "weir_b", help: "How much.", type: "gauge" }).sample("", -0.5);

  assertEquals(
    page.toString(),
    [
      "# HELP weir_a_total How many.",
      "# TYPE weir_a_total counter",
      'weir_a_total{x="1"} 3',
      "weir_a_total 1e+21",
      "# HELP weir_b How much.",
      "# TYPE weir_b gauge",
      "weir_b -0.5",
      "",
    ].join("\n"),
  );
});

Deno.test("Exposition.histogram() writes each bucket, the sum and the count", () => {
  const page = new Exposition();
  const cumulative = BUCKET_BOUNDS.map((_, place) => place);
  page.begin({ name: "weir_t_seconds", help: "Time.", type: "histogram" })
    .histogram('u="a"', { cumulative, count: 20, sum: 1.5 });

  const lines = page.toString().trimEnd().split("\n").slice(2);
  assertEquals(lines.length, BUCKET_BOUNDS.length + 3);
  assertEquals(lines[0], 'weir_t_seconds_bucket{u="a",le="0.0005"} 0');
  assertEquals(lines.slice(-4), [
    `weir_t_seconds_bucket{u="a",le="60"} ${BUCKET_BOUNDS.length - 1}`,
    'weir_t_seconds_bucket{u="a",le="+Inf"} 20',
    'weir_t_seconds_sum{u="a"} 1.5',
    'weir_t_seconds_count{u="a"} 20',
  ]);
});

Deno.test("Exposition.histogram() needs no labels of its own", () => {
  const page = new Exposition();
  const cumulative = BUCKET_BOUNDS.map(() => 0);
  page.begin({ name: "weir_t", help: "Time.", type: "histogram" })
    .histogram("", { cumulative, count: 0, sum: 0 });

  assertEquals(page.toString().split("\n")[2], 'weir_t_bucket{le="0.0005"} 0');
});

Deno.test("Exposition leaves out what is no finite number", () => {
  const page = new Exposition();
  page.begin({ name: "weir_a", help: "A.", type: "gauge" }).sample("", NaN).sample("", Infinity);

  assertEquals(page.toString().split("\n").slice(2), [""]);
});

Deno.test("formatLabels() and begin() escape what would end a value or a line", () => {
  const page = new Exposition().begin({ name: "weir_a", help: 'a\\b\n"c"', type: "gauge" });

  assertEquals(formatLabels({ a: 'x"\\\ny', b: "" }), 'a="x\\"\\\\\\ny",b=""');
  assertEquals(page.toString().split("\n")[0], '# HELP weir_a a\\\\b\\n"c"');
});
