import { assert, assertEquals, assertGreater } from "@std/assert";
import { parse, stringify } from "@std/yaml";
import { familiesOf } from "../support/metrics_client.ts";
import { busyBench } from "../support/metrics_source.ts";
import { peerTest } from "../support/peers.ts";
import { fromFileUrl, TempFolder } from "../support/paths.ts";
import { runToEnd } from "../support/process.ts";

const ALERTS = fromFileUrl(new URL("../../deploy/alerts.yml", import.meta.url));
const DASHBOARD = fromFileUrl(new URL("../../deploy/grafana.json", import.meta.url));
const README = fromFileUrl(new URL("../../README.md", import.meta.url));
const RULE_TESTS = fromFileUrl(new URL("../e2e/fixtures/alerts_test.yml", import.meta.url));

/** What the tests read of both files. */
interface Alerts {
  readonly groups: readonly { readonly rules: readonly { readonly expr: string }[] }[];
}
interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly definition?: string }[] };
}
interface Panel {
  readonly id: number;
  readonly gridPos: { readonly x: number; readonly y: number; w: number; h: number };
  readonly targets?: readonly { readonly expr: string }[];
}

Deno.test("deploy/alerts.yml goes by metrics that Weir has", async () => {
  const { groups } = parse(await Deno.readTextFile(ALERTS)) as Alerts;
  const expressions = groups.flatMap(({ rules }) => rules.map(({ expr }) => expr));

  assertGreater(expressions.length, 10);
  assertEquals(unknownIn(expressions), []);
});

Deno.test("deploy/grafana.json shows metrics that Weir has", async () => {
  const { panels, templating } = await readDashboard();
  const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  const variables = templating.list.flatMap(({ definition }) => definition ?? []);

  assertGreater(queries.length, 20);
  assertEquals(unknownIn([...queries, ...variables]), []);
});

Deno.test("deploy/grafana.json has a place and a number of its own for each panel", async () => {
  const { panels } = await readDashboard();

  assertEquals(new Set(panels.map(({ id }) => id)).size, panels.length);
  const cells = new Set<string>();
  for (const { id, gridPos: { x, y, w, h } } of panels) {
    assert(x + w <= 24, `panel ${id} is beyond the edge`);
    for (let row = y; row < y + h; row++) {
      for (let column = x; column < x + w; column++) {
        assert(!cells.has(`${row} ${column}`), `panel ${id} lies on another`);
        cells.add(`${row} ${column}`);
      }
    }
  }
});

Deno.test("the README names every metric that there is, and no other", async () => {
  const text = await Deno.readTextFile(README);
  const section = /\n## Metrics\n([^]*?)\n## /.exec(text)?.[1] ?? "";

  const named = new Set(section.matchAll(NAME).map((match) => match[0]));

  assertEquals([...named].toSorted(), [...FAMILIES].toSorted());
});

peerTest("promtool check rules accepts deploy/alerts.yml", ["promtool"], async ({ promtool }) => {
  const { code, stdout, stderr } = await runToEnd({
    name: "promtool",
    argv: [promtool, "check", "rules", ALERTS],
  });

  assertEquals(code, 0, stdout + stderr);
});

peerTest("Prometheus understands every query of the dashboard", ["promtool"], async (paths) => {
  const { panels } = await readDashboard();
  const rules = panels.flatMap(({ targets = [] }) => targets).map(({ expr }, index) => ({
    record: `query_${index}`,
    expr: expr.replaceAll("$__rate_interval", "5m"),
  }));
  await using folder = await TempFolder.create();
  const path = await folder.write("rules.yml", stringify({ groups: [{ name: "all", rules }] }));

  const { code, stdout, stderr } = await runToEnd({
    name: "promtool",
    argv: [paths.promtool, "check", "rules", path],
  });

  assertEquals(code, 0, stdout + stderr);
});

peerTest("the alerts go off when they should, and not else", ["promtool"], async ({ promtool }) => {
  await using folder = await TempFolder.create();
  const text = (await Deno.readTextFile(RULE_TESTS)).replace("[ALERTS]", JSON.stringify([ALERTS]));
  const path = await folder.write("alerts_test.yml", text);

  const { code, stdout, stderr } = await runToEnd({
    name: "promtool",
    argv: [promtool, "test", "rules", path],
  });

  assertEquals(code, 0, stdout + stderr);
});

const NAME = /\b(?:weir|process)_[a-z_]+[a-z]\b/g;
const FAMILIES = familiesOf(busyBench(2, 1).page());

/** Names in expressions that no metric has, nor a part of a histogram. */
function unknownIn(expressions: readonly string[]): string[] {
  return expressions.flatMap((text) => [...text.matchAll(NAME)].map(([name]) => name))
    .filter((name) => !FAMILIES.has(name) && !FAMILIES.has(name.replace(/_bucket$/, "")));
}

async function readDashboard(): Promise<Dashboard> {
  return JSON.parse(await Deno.readTextFile(DASHBOARD)) as Dashboard;
}
