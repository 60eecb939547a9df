import { assertEquals, assertThrows } from "@std/assert";
import { loadConfigText } from "../../lib/config/load.ts";
import { namedConfig, permissionFlags, type Scope } from "../../tools/start_scoped.ts";

async function load(text: string): Promise<Scope> {
  const result = await loadConfigText("weir.yaml", text, {
    variable: () => undefined,
    files: {
      read: () => Promise.resolve({ kind: "missing" }),
      list: () => Promise.resolve([]),
    },
    cores: 1,
  });
  if (result.ok) return result;
  throw new Error(result.problems.map((problem) => problem.message).join("\n"));
}

for (
  const [args, path] of [
    [[], undefined],
    [["--workers", "2"], undefined],
    [["--config", "a.yaml"], "a.yaml"],
    [["run", "--config=a.yaml"], "a.yaml"],
    [["-config", "a.yaml", "--workers", "2"], "a.yaml"],
    [["--", "-c", "a.yaml"], "a.yaml"],
  ] as const
) {
  Deno.test(`namedConfig() of [${args.join(" ")}]`, () => {
    assertEquals(namedConfig(args), path);
  });
}

Deno.test("permissionFlags() names every address and file, and no write without need", async () => {
  const scope = await load(`
admin: { address: "127.0.0.1:9090" }
listeners:
  - { address: "127.0.0.1:8080", upstream: app }
upstreams:
  app: { backends: [{ address: "10.0.0.1:80" }, { address: "10.0.0.1:81" }] }
`);

  assertEquals(permissionFlags(scope, "/weir/lib"), [
    "--no-prompt",
    "--allow-env",
    "--allow-net=127.0.0.1:8080,10.0.0.1:80,10.0.0.1:81,127.0.0.1:9090",
    "--allow-read=/weir/lib,weir.yaml",
  ]);
});

Deno.test("permissionFlags() lets Unix sockets and the log file be written", async () => {
  const scope = await load(`
log: { file: /var/log/weir.log }
listeners:
  - { address: "unix:/run/weir.sock", upstream: app }
upstreams:
  app: { backends: [{ address: "unix:/run/app.sock" }] }
`);

  assertEquals(permissionFlags(scope, "/weir/lib").slice(2), [
    "--allow-net=unix:/run/weir.sock,unix:/run/app.sock",
    "--allow-read=/weir/lib,weir.yaml,/run/app.sock,/run/weir.sock",
    "--allow-write=/run/app.sock,/run/weir.sock,/var/log/weir.log",
  ]);
});

Deno.test("permissionFlags() lets one program be run that sets the congestion control", async () => {
  const scope = await load(`
tcp: { congestion_control: bbr }
listeners:
  - { address: "127.0.0.1:8080", upstream: app }
upstreams:
  app: { backends: [{ address: "10.0.0.1:80" }] }
`);

  assertEquals(permissionFlags(scope, "/weir/lib").at(-1), "--allow-run=/usr/sbin/sysctl");
});

Deno.test("permissionFlags() lets the folders of included files be listed", async () => {
  const { config } = await load(`
listeners:
  - { address: "127.0.0.1:8080", upstream: app }
upstreams:
  app: { backends: [{ address: "10.0.0.1:80" }] }
`);

  const flags = permissionFlags({ config, files: ["etc/weir.yaml", "etc/conf.d/a.yaml"] }, "/lib");

  assertEquals(flags.at(-1), "--allow-read=/lib,etc/weir.yaml,etc/conf.d/a.yaml,etc/conf.d/");
});

Deno.test("permissionFlags() refuses a comma, which would split one path into two", async () => {
  const scope = await load(`
log: { file: "/var/log/weir,1.log" }
listeners:
  - { address: "127.0.0.1:8080", upstream: app }
upstreams:
  app: { backends: [{ address: "10.0.0.1:80" }] }
`);

  assertThrows(() => permissionFlags(scope, "/weir/lib"), RangeError, "/var/log/weir,1.log");
});
