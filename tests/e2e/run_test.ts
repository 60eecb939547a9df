import { assertEquals, assertMatch } from "@std/assert";
import { ask, connectAndReset, listenTo, tally } from "../support/clients.ts";
import { freeAddress, freeWildcardPort } from "../support/free_port.ts";
import { fromFileUrl, TempFolder } from "../support/paths.ts";
import { HttpBackend } from "../support/http_backend.ts";
import { nameServer, type TestServer } from "../support/servers.ts";
import { startWeir, type WeirLaunch } from "../support/weir.ts";

/** Ways to say which file. */
const SPELLINGS: readonly ((path: string) => readonly string[])[] = [
  (path) => ["-config", path],
  (path) => [`--config=${path}`],
  (path) => ["-c", path],
  (path) => ["--", "--config", path],
  (path) => ["run", "--config", path, "--workers", "1"],
];

for (const spelling of SPELLINGS) {
  Deno.test(`weir ${spelling("FILE").join(" ")} balances`, async () => {
    await using folder = await TempFolder.create();
    await using server = nameServer("here");
    const address = freeAddress();
    const path = await folder.write("weir.yaml", fullForm(address, server.address));

    await assertServes({ args: spelling(path) }, address, [3], 3);
  });
}

Deno.test("deno run -A /path/to/main.ts works from any folder", async () => {
  await using folder = await TempFolder.create();
  await using server = nameServer("here");
  const address = freeAddress();
  await folder.write("config.yaml", fullForm(address, server.address));

  const launch = { args: ["--config", "config.yaml"], cwd: folder.path, denoFlags: ["-A"] };
  await assertServes(launch, address, [3], 3);
  // The second file that is looked for when none is named.
  await assertServes({ ...launch, args: [] }, address, [3], 3);
});

Deno.test("the short form of seeds 000 and 001 runs as it stands, ports apart", async () => {
  await using folder = await TempFolder.create();
  await using stack = new AsyncDisposableStack();
  const servers = startServers(stack, ["a", "b", "c"]);
  const port = freeWildcardPort();
  const text = await seed("seed_000.yaml", port, [
    ['"localhost"\n    port: 8081', servers[0]!],
    ['"localhost"\n    port: 8082', servers[1]!],
    ['"localhost"\n    port: 8083', servers[2]!],
  ]);
  const path = await folder.write("config.yaml", text);

  const stderr = await assertServes(
    { args: ["-config", path], denoFlags: ["-A"] },
    `127.0.0.1:${port}`,
    [3, 3, 3],
    9,
  );

  assertEquals(/warning|error/.test(stderr), false, stderr);
});

Deno.test("the short form of seed 002 runs as it stands, hosts and ports apart", async () => {
  await using folder = await TempFolder.create();
  await using stack = new AsyncDisposableStack();
  const servers = ["a", "b"].map((name) =>
    stack.use(new HttpBackend(() => `HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${name}`))
  );
  const port = freeWildcardPort();
  const text = await seed("seed_002.yaml", port, [
    ['"backend1.example.com"\n    port: 8081', servers[0]!],
    ['"backend2.example.com"\n    port: 8082', servers[1]!],
  ]);
  const path = await folder.write("config.yaml", text);

  const stderr = await assertServes(
    { args: ["--config", path], denoFlags: ["-A"], read: readHttp },
    `127.0.0.1:${port}`,
    [6],
    6,
  );

  assertEquals(/warning|error/.test(stderr), false, stderr);
});

Deno.test("weir --demo balances over backends of its own and stops with 0", async () => {
  await using weir = await startWeir({ args: ["--demo"] });

  const [, address = ""] = await weir.printed("stdout", /demo {2}tcp:\/\/(\S+) -> app/);
  await weir.printed("stdout", /Now it is your turn[^]*curl http/);
  await weir.printed("stdout", /backend-1 4 \| backend-2 4 \| backend-3 4 \| open 0/);
  const response = await fetch(`http://${address}/`);
  assertMatch(await response.text(), /^Hello from backend-\d\n$/);
  weir.signal("SIGTERM");
  const { code, stderr } = await weir.finished();

  assertEquals(code, 0, stderr);
});

Deno.test("the backends of weir --demo survive clients that reset", async () => {
  await using weir = await startWeir({ args: ["--demo"] });
  await weir.printed("stdout", /backend-1 4 \| backend-2 4 \| backend-3 4 \| open 0/);
  const [, backend = ""] = await weir.printed("stdout", /backend-1, address: (\S+) \}/);

  // Stopped, so that all resets are in the accept queue before the first accept.
  weir.signal("SIGSTOP");
  await connectAndReset(backend, 5);
  weir.signal("SIGCONT");

  const answer = await ask(backend, "GET / HTTP/1.1\r\n\r\n");
  assertMatch(answer, /Hello from backend-1/);
  weir.signal("SIGTERM");
  const { code, stderr } = await weir.finished();
  assertEquals({ code, errors: stderr.match(/error/g) }, { code: 0, errors: null }, stderr);
});

/**
 * Runs Weir, connects `count` times, stops it, and returns what it wrote to standard error.
 *
 * @param expected how many connections each backend gets
 */
async function assertServes(
  { read = listenTo, ...launch }: WeirLaunch & { read?: (address: string) => Promise<string> },
  address: string,
  expected: readonly number[],
  count: number,
): Promise<string> {
  await using weir = await startWeir(launch);
  await weir.printed("stdout", / is ready/);
  const names: string[] = [];
  for (let i = 0; i < count; i++) names.push(await read(address));
  weir.signal("SIGTERM");
  const { code, stderr } = await weir.finished();
  assertEquals(Object.values(tally(names)), expected);
  assertEquals(code, 0, stderr);
  return stderr;
}

async function readHttp(address: string): Promise<string> {
  const response = await fetch(`http://${address}/`);
  return await response.text();
}

/** The text of a seed document with the places in it replaced. */
async function seed(
  name: string,
  port: number,
  backends: readonly (readonly [text: string, server: { readonly address: string }])[],
): Promise<string> {
  const path = fromFileUrl(new URL(`fixtures/${name}`, import.meta.url));
  let text = (await Deno.readTextFile(path)).replace(/\b8080\b/, String(port));
  for (const [place, server] of backends) {
    const [host, serverPort] = server.address.split(":");
    assertEquals(text.includes(place), true, place);
    text = text.replace(place, `"${host}"\n    port: ${serverPort}`);
  }
  return text;
}

function startServers(stack: AsyncDisposableStack, names: readonly string[]): TestServer[] {
  return names.map((name) => stack.use(nameServer(name)));
}

function fullForm(listen: string, backend: string): string {
  return [
    "workers: 2",
    "listeners:",
    `  - { name: main, address: "${listen}", upstream: app }`,
    "upstreams:",
    `  app: { backends: [{ address: "${backend}" }] }`,
    "",
  ].join("\n");
}
