import { assertEquals } from "@std/assert";
import { type ConfigDiff, diffConfigs, isEmptyDiff } from "../../lib/config/diff.ts";
import { configOf } from "./support.ts";

const BASE = `
listeners:
  - { name: web, address: "127.0.0.1:8080", protocol: http, upstream: app, routes: [
      { match: { path_prefix: /a }, upstream: app }, { match: { path_prefix: /b }, upstream: app } ] }
  - { name: raw, address: "127.0.0.1:9000", upstream: app }
upstreams:
  app:
    sticky: { cookie: weir, secret: one-secret-that-is-long-enough }
    backends: [{ name: a, address: "10.0.0.1:80" }, { name: b, address: "10.0.0.2:80" }]
  old: { backends: [{ address: "10.0.0.9:80" }] }
`;

/** How the base differs from itself with these texts in place of others. */
async function diffWith(...changes: readonly (readonly [string, string])[]): Promise<ConfigDiff> {
  const text = changes.reduce((text, [from, to]) => {
    assertEquals(text.split(from).length, 2, from);
    return text.replace(from, to);
  }, BASE);
  return diffConfigs(await configOf(BASE), await configOf(text));
}

Deno.test("diffConfigs() says that nothing differs", async () => {
  assertEquals(isEmptyDiff(await diffWith()), true);
});

Deno.test("diffConfigs() tells settings with their old and new value", async () => {
  const { settings, upstreams } = await diffWith(
    ["listeners:", "workers: 3\nzone: z\nlisteners:"],
    ["    sticky:", "    connect_timeout: 1s\n    sticky:"],
    ['"10.0.0.1:80"', '"10.0.0.1:80", weight: 4, max_connections: 9'],
  );

  assertEquals(settings.map(({ setting, to }) => [setting, to]), [["workers", 3], ["zone", "z"]]);
  assertEquals(upstreams.changed, [{
    name: "app",
    settings: [{ setting: "connectTimeoutMs", from: 5000, to: 1000 }],
    backends: {
      added: [],
      removed: [],
      changed: [{
        name: "a",
        settings: [{ setting: "weight", from: 1, to: 4 }, { setting: "maxConnections", to: 9 }],
      }],
    },
  }]);
});

Deno.test("diffConfigs() says that a secret differs, and neither of both", async () => {
  const diff = await diffWith(["one-secret", "another-secret"]);

  assertEquals(diff.upstreams.changed[0]?.settings, [
    { setting: "sticky.secret", from: "(hidden)", to: "(hidden)" },
  ]);
});

Deno.test("diffConfigs() takes a backend that moves for another one", async () => {
  const diff = await diffWith(["10.0.0.2:80", "10.0.0.3:80"], ["  old:", "  new:"]);

  assertEquals(diff.upstreams, {
    added: ["new"],
    removed: ["old"],
    changed: [{
      name: "app",
      settings: [],
      backends: {
        added: [{ name: "b", address: "10.0.0.3:80" }],
        removed: [{ name: "b", address: "10.0.0.2:80" }],
        changed: [],
      },
    }],
  });
});

Deno.test("diffConfigs() tells a listener that moves from one that is closed", async () => {
  const moved = await diffWith(["127.0.0.1:9000", "127.0.0.1:9001"]);
  const renamed = await diffWith(["name: raw", "name: tcp"]);

  assertEquals(moved.listeners, {
    opened: [{ name: "raw", address: "127.0.0.1:9001" }],
    closed: [{ name: "raw", address: "127.0.0.1:9000" }],
    changed: [{
      name: "raw",
      settings: [{ setting: "address", from: "127.0.0.1:9000", to: "127.0.0.1:9001" }],
    }],
  });
  assertEquals(renamed.listeners.opened.map(({ name }) => name), ["tcp"]);
  assertEquals(renamed.listeners.closed.map(({ name }) => name), ["raw"]);
});

Deno.test("diffConfigs() goes by what routes match, and notes their order", async () => {
  const swapped = await diffWith(
    ["path_prefix: /a", "path_prefix: /x"],
    ["path_prefix: /b", "path_prefix: /a"],
  );
  const redirected = await diffWith([
    "{ match: { path_prefix: /b }, upstream: app }",
    "{ match: { path_prefix: /b }, upstream: old }",
  ]);
  const reordered = await diffWith(
    ["path_prefix: /a", "path_prefix: /z"],
    ["path_prefix: /b", "path_prefix: /a"],
    ["path_prefix: /z", "path_prefix: /b"],
  );

  assertEquals(swapped.listeners.changed[0]?.routes, {
    added: [JSON.stringify({ pathPrefix: "/x" })],
    removed: [JSON.stringify({ pathPrefix: "/b" })],
    changed: [],
    reordered: false,
  });
  assertEquals(redirected.listeners.changed[0]?.routes?.changed.map(({ match }) => match), [
    JSON.stringify({ pathPrefix: "/b" }),
  ]);
  assertEquals(reordered.listeners.changed[0]?.routes, {
    added: [],
    removed: [],
    changed: [],
    reordered: true,
  });
});
