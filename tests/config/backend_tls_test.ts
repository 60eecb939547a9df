import { assertEquals, assertStringIncludes } from "@std/assert";
import { TestAuthority } from "../support/certificates.ts";
import { TempFolder } from "../support/paths.ts";
import { configOf, loadText, problemsOf } from "./support.ts";

/** A configuration whose only upstream has these further settings. */
function withUpstream(settings: string, backend = "127.0.0.1:1"): string {
  return `listeners: [{ address: ":1", upstream: app }]
upstreams:
  app:
    backends: [{ address: "${backend}" }]
    ${settings}
`;
}

async function madeFiles(): Promise<Record<string, string>> {
  await using folder = await TempFolder.create();
  const authority = await TestAuthority.create(folder.path);
  const [one, two] = [await authority.issue(["one.test"]), await authority.issue(["two.test"])];
  const text = (path: string) => Deno.readTextFile(path);
  return {
    "ca.pem": await text(authority.caFile),
    "one.pem": await text(one.cert),
    "one.key": await text(one.key),
    "two.key": await text(two.key),
    "text.pem": "no certificate",
    "broken.pem": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    "locked.key":
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
  };
}

Deno.test("tls of an upstream holds the texts of its files", async () => {
  const files = await madeFiles();
  const tls = "tls: { server_name: one.test, ca: ca.pem, cert: one.pem, key: one.key }";

  const { upstreams: [upstream] } = await configOf(withUpstream(tls), { files });

  assertEquals(upstream?.tls, {
    serverName: "one.test",
    ca: files["ca.pem"]!,
    identity: { cert: files["one.pem"]!, key: files["one.key"]! },
  });
  assertEquals((await configOf(withUpstream("tls: {}"))).upstreams[0]?.tls, {});
});

Deno.test("files of tls are looked for beside the file that names them", async () => {
  const files = {
    "conf/app.yaml":
      'upstreams: { app: { backends: [{ address: "127.0.0.1:1" }], tls: { ca: ca.pem } } }',
    "conf/ca.pem": (await madeFiles())["ca.pem"]!,
  };
  const text = 'include: [conf/app.yaml]\nlisteners: [{ address: ":1", upstream: app }]\n';

  const { upstreams: [upstream] } = await configOf(text, { files });

  assertEquals(upstream?.tls?.ca, files["conf/ca.pem"]);
});

const WRONG: readonly (readonly [settings: string, problem: string, backend?: string])[] = [
  [
    "tls: { ca: none.pem }",
    '5:16: upstreams.app.tls.ca: cannot read "none.pem": file does not exist',
  ],
  ["tls: { ca: text.pem }", "tls.ca: must be a PEM file"],
  ["tls: { ca: broken.pem }", "tls.ca: must hold certificates: number 1 cannot be read"],
  ["tls: { cert: one.pem }", "tls.cert: must stand beside key"],
  ["tls: { key: one.key }", "tls.key: must stand beside cert"],
  ["tls: { cert: one.pem, key: two.key }", "tls.key: must be the private key of the certificate"],
  ["tls: { cert: one.pem, key: one.pem }", "tls.key: must be a PEM file"],
  ["tls: { cert: one.pem, key: locked.key }", "tls.key: must be a key without a passphrase"],
  ["tls: { server_name: 'a b' }", "tls.server_name: host must be a name or an IP address"],
  ["tls: { verify: false }", "tls.verify: must be true, because the runtime cannot"],
  ["tls: { verfy: true }", 'unknown key "verfy": did you mean "verify"?'],
  ["tls: {}", "tls: must not stand beside backends[0], a Unix socket", "unix:/a"],
  ["proxy_protocol: v3", 'proxy_protocol: must be one of "v1", "v2"'],
  [
    "{ proxy_protocol: v1, tls: { cert: one.pem, key: one.key } }",
    "proxy_protocol: must not stand beside tls.cert",
  ],
  [
    "{ proxy_protocol: v1, pool: { warm: 1 } }",
    "proxy_protocol: must not stand beside pool.warm, 1: a connection that is opened ahead",
  ],
  ["health_check: { tls: false }", "health_check.tls: must stand beside tls of the upstream"],
];

for (const [settings, problem, backend] of WRONG) {
  Deno.test(`an upstream with ${settings} is refused`, async () => {
    const lines = settings.startsWith("{ ")
      ? settings.slice(2, -2).replace(/^(\w+: \w+), /, "$1\n    ")
      : settings;

    const problems = await problemsOf(withUpstream(lines, backend), { files: await madeFiles() });

    assertEquals(problems.length, 1, problems.join("\n"));
    assertStringIncludes(problems[0]!, problem);
  });
}

Deno.test("a key that cannot be read is not shown", async () => {
  const key = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
  const files = { ...(await madeFiles()), "bad.key": key };

  const result = await loadText(withUpstream("tls: { cert: one.pem, key: bad.key }"), { files });

  assertEquals(result.ok, false);
  assertEquals(JSON.stringify(result).includes("c2VjcmV0"), false);
});
