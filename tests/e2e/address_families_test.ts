import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ask, exchange } from "../support/clients.ts";
import { freeAddress, freeWildcardPort, hasIpv6 } from "../support/free_port.ts";
import { TempFolder } from "../support/paths.ts";
import { findProgram } from "../support/peers.ts";
import { Scenario } from "../support/scenario.ts";
import { answerAtEnd, echo, type Place } from "../support/servers.ts";
import { runWeir } from "../support/weir.ts";

/** Words before a program that keep even root to the modes of folders; `undefined`: impossible. */
const CANNOT_REMOVE = wordsThatBind();

type Family = "IPv4" | "IPv6" | "Unix";
const FAMILIES: readonly Family[] = ["IPv4", "IPv6", "Unix"];

for (const client of FAMILIES) {
  for (const server of FAMILIES) {
    familyTest(`${client} clients reach ${server} backends`, [client, server], async () => {
      await using folder = await TempFolder.create();
      await using backend = answerAtEnd((text) => `got ${text}`, serverPlace(server, folder));
      await using scenario = await Scenario.start({
        backends: [backend.address],
        address: listenAddress(client, folder),
      });

      assertEquals(await ask(scenario.address, "hello"), "got hello");
      assertEquals((await scenario.listenerStatus()).address, scenario.address);
    });
  }
}

familyTest("`:port` takes IPv4 and IPv6 clients", ["IPv6"], async () => {
  await using backend = answerAtEnd((text) => `got ${text}`);
  const port = freeWildcardPort();
  await using scenario = await Scenario.start({
    backends: [backend.address],
    address: `:${port}`,
    upstream: { health_check: { type: "none" } },
  });

  assertEquals(await ask(`127.0.0.1:${port}`, "four"), "got four");
  assertEquals(await ask(`[::1]:${port}`, "six"), "got six");
  assertEquals((await scenario.listenerStatus()).accepted, 2);
});

Deno.test("a socket file is removed at the end of Weir", async () => {
  await using folder = await TempFolder.create();
  await using backend = echo();
  const path = `${folder.path}/weir.sock`;
  await using scenario = await Scenario.start({
    backends: [backend.address],
    address: `unix:${path}`,
  });
  assertEquals((await Deno.lstat(path)).isSocket, true);

  const { code } = await scenario.stop();

  assertEquals(code, 0);
  await assertRejects(() => Deno.lstat(path), Deno.errors.NotFound);
});

Deno.test("a socket file that a killed Weir left behind is replaced", async () => {
  await using folder = await TempFolder.create();
  await using backend = echo();
  const path = `${folder.path}/weir.sock`;
  const options = { backends: [backend.address], address: `unix:${path}` };
  await using killed = await Scenario.start(options);
  await killed.stop("SIGKILL");
  assertEquals((await Deno.lstat(path)).isSocket, true);

  await using scenario = await Scenario.start(options);

  using conn = await scenario.connect();
  await exchange(conn, "hello");
});

Deno.test({
  name: CANNOT_REMOVE === undefined
    ? "a stale socket file that cannot be removed: exit 3 [skipped: root without setpriv]"
    : "a stale socket file that cannot be removed: exit 3, and the listener is named",
  ignore: CANNOT_REMOVE === undefined,
  fn: async () => {
    await using folder = await TempFolder.create();
    const place = `${folder.path}/in`;
    await Deno.mkdir(place);
    await leaveStaleSocket(`${place}/weir.sock`);
    await Deno.chmod(place, 0o555);
    using stack = new DisposableStack();
    stack.defer(() => Deno.chmodSync(place, 0o755));
    const config = await folder.write(
      "weir.yaml",
      JSON.stringify({
        listeners: [{ name: "main", address: `unix:${place}/weir.sock`, upstream: "app" }],
        upstreams: { app: { backends: [{ address: freeAddress() }] } },
      }),
    );

    const { code, stderr } = await runWeir({ args: ["-c", config], prefix: CANNOT_REMOVE ?? [] });

    assertEquals(code, 3, stderr);
    assertMatch(stderr, /cannot open listener "main" on unix:.*weir\.sock: .*in use/);
  },
});

Deno.test("a Unix listener beside a TCP listener serves with several workers", async () => {
  await using folder = await TempFolder.create();
  await using backend = answerAtEnd((text) => text);
  const unix = `unix:${folder.path}/weir.sock`;
  const tcp = freeAddress();
  const listeners = [{ address: tcp, upstream: "app" }, { address: unix, upstream: "app" }];
  await using _scenario = await Scenario.start({
    backends: [backend.address],
    top: { workers: 3, listeners },
  });

  for (let i = 0; i < 10; i++) {
    assertEquals(await ask(tcp, `tcp ${i}`), `tcp ${i}`);
    assertEquals(await ask(unix, `unix ${i}`), `unix ${i}`);
  }
});

function wordsThatBind(): string[] | undefined {
  if (Deno.uid() !== 0) return [];
  const setpriv = findProgram("setpriv");
  return setpriv === undefined
    ? undefined
    : [setpriv, "--bounding-set=-dac_override", "--inh-caps=-dac_override"];
}

/** A socket file on which nobody listens; moved, because closing a listener removes its own. */
async function leaveStaleSocket(path: string): Promise<void> {
  using _listener = Deno.listen({ transport: "unix", path: `${path}.open` });
  await Deno.rename(`${path}.open`, path);
}

/** A test that is ignored, and says so in its name, where the machine lacks a family. */
function familyTest(name: string, families: readonly Family[], fn: () => Promise<void>): void {
  const ignore = families.includes("IPv6") && !hasIpv6();
  Deno.test({ name: ignore ? `${name} [skipped: this machine has no ::1]` : name, ignore, fn });
}

function serverPlace(family: Family, folder: TempFolder): Place {
  switch (family) {
    case "IPv4":
      return {};
    case "IPv6":
      return { hostname: "::1" };
    case "Unix":
      return { path: `${folder.path}/backend.sock` };
  }
}

function listenAddress(family: Family, folder: TempFolder): string {
  switch (family) {
    case "IPv4":
      return freeAddress();
    case "IPv6":
      return `[::1]:${freeWildcardPort()}`;
    case "Unix":
      return `unix:${folder.path}/weir.sock`;
  }
}
