import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ALGORITHMS } from "../../lib/balancer/registry.ts";
import { TempFolder } from "../support/paths.ts";
import { runWeir } from "../support/weir.ts";

async function simulate(...args: string[]) {
  return await runWeir({ args: ["simulate", ...args] });
}

Deno.test("weir simulate prints a line for each algorithm and draws a picture", async () => {
  await using folder = await TempFolder.create();
  const svg = `${folder.path}/picture.svg`;
  const args = ["--requests", "2000", "--scenario", "slow-backend", "--svg", svg, "--shares"];

  const { code, stdout, stderr } = await simulate(...args);

  assertEquals([code, stderr], [0, ""]);
  const names = stdout.split("\n").map((line) => line.split(" ")[0]);
  for (const name of Object.keys(ALGORITHMS)) assertEquals(names.includes(name), true, stdout);
  assertMatch(stdout, /^backend-9 +1 /m);
  assertMatch(await Deno.readTextFile(svg), /^<svg [^]*<\/svg>\n$/);
});

Deno.test("weir simulate prints the same JSON for the same seed, to the byte", async () => {
  const args = ["--requests", "2000", "--fault", "crash:1@20%", "--format", "json"];

  const [first, second, other] = await Promise.all([
    simulate(...args),
    simulate(...args),
    simulate(...args, "--seed", "2"),
  ]);

  assertEquals([first.code, first.stderr], [0, ""]);
  assertEquals(second.stdout, first.stdout);
  assertEquals(other.stdout === first.stdout, false);
  const report = JSON.parse(first.stdout) as { results: { shares: number[] }[] };
  assertEquals(report.results[0]?.shares.length, 10);
});

Deno.test("weir simulate replays a log and says which lines it has no use for", async () => {
  await using folder = await TempFolder.create();
  const path = await folder.write(
    "access.log",
    [
      '{"time":"2026-11-21T09:00:00.010Z","client":"10.0.0.2:99","duration_ms":12,"status":200}',
      '{"time":"2026-11-21T09:00:00.000Z","client":"10.0.0.1:98","duration_ms":30,"status":200}',
      "oops",
    ].join("\n"),
  );

  const { code, stdout, stderr } = await simulate("--replay", path, "--algorithm", "round_robin");

  assertEquals(code, 0);
  assertStringIncludes(stderr, `${path}: unusable lines: 1, the first is line 3`);
  assertMatch(stdout, /^round_robin +2 /m);
});

Deno.test("weir simulate takes backends and algorithm from a configuration", async () => {
  await using folder = await TempFolder.create();
  const path = await folder.write(
    "weir.yaml",
    `listeners: [{ address: "127.0.0.1:8080", upstream: app }]
upstreams:
  app: { algorithm: least_conn, backends: [{ address: "a:1" }, { address: "b:1", weight: 2 }] }
  other: { backends: [{ address: "c:1", weight: 0 }] }
`,
  );
  const run = (...args: string[]) => simulate("--config", path, "--requests", "500", ...args);

  const [good, missing, misspelt, drained, absent] = await Promise.all([
    run("--upstream", "app", "--shares"),
    run(),
    run("--upstream", "ap"),
    run("--upstream", "other"),
    simulate("--config", `${folder.path}/none.yaml`),
  ]);

  assertEquals(good.code, 0, good.stderr);
  assertMatch(good.stdout, /^least_connections +500 /m);
  assertMatch(good.stdout, /^b:1 +2 +\d+\.\d$/m);
  assertEquals(good.stdout.includes("round_robin"), false);
  assertEquals([missing.code, misspelt.code, drained.code, absent.code], [2, 2, 2, 1]);
  assertStringIncludes(missing.stderr, "--upstream must be one of app, other: it is not given");
  assertStringIncludes(misspelt.stderr, 'did you mean "app"?');
  assertStringIncludes(
    drained.stderr,
    'upstream "other" must have a backend with a weight above 0',
  );
});

Deno.test("weir simulate ends with 2 and a hint when its flags are wrong", async () => {
  const [flag, fault, picture] = await Promise.all([
    simulate("--algoritm", "all"),
    simulate("--fault", "slwo:0"),
    simulate("--requests", "10", "--svg", "/nowhere/picture.svg"),
  ]);

  assertEquals([flag.code, fault.code, picture.code], [2, 2, 2]);
  assertStringIncludes(flag.stderr, 'did you mean "--algorithm"?');
  assertStringIncludes(flag.stderr, "See `weir simulate --help`");
  assertStringIncludes(fault.stderr, 'did you mean "slow"?');
  assertStringIncludes(picture.stderr, 'cannot write "/nowhere/picture.svg"');
  assertMatch(picture.stdout, /^round_robin +10 /m);
});
