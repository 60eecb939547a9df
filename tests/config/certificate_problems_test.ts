import { assertEquals, assertMatch } from "@std/assert";
import { loadConfig } from "../../lib/config/load.ts";
import { TestAuthority } from "../support/certificates.ts";
import { TempFolder } from "../support/paths.ts";
import { peerTest } from "../support/peers.ts";
import { runToEnd } from "../support/process.ts";

interface Case {
  readonly title: string;
  /** Lines of the certificate's section. */
  readonly certificate: string;
  /** Of the route. @default "a.test" */
  readonly host?: string;
  readonly says: RegExp;
  readonly kind: "problem" | "warning";
}

const CASES: readonly Case[] = [
  {
    title: "a file that is not there",
    certificate: "{ cert: none.pem, key: a.test.key }",
    says: /weir\.yaml:6:17: listeners\[0\]\.tls\.certificates\[0\]\.cert: file does not exist/,
    kind: "problem",
  },
  {
    title: "a key of another certificate",
    certificate: "{ cert: a.test.pem, key: b.test.key }",
    says: /weir\.yaml:6:34: .*\.key: does not belong to the certificate/,
    kind: "problem",
  },
  {
    title: "a file that is no PEM",
    certificate: "{ cert: weir.yaml, key: a.test.key }",
    says: /\.cert: must hold a certificate in PEM/,
    kind: "problem",
  },
  {
    title: "the two files the wrong way round",
    certificate: "{ cert: a.test.key, key: a.test.pem }",
    says: /\.cert: must hold a certificate in PEM .*: it holds a private key/,
    kind: "problem",
  },
  {
    title: "an encrypted key",
    certificate: "{ cert: a.test.pem, key: encrypted.key }",
    says: /\.key: must not be encrypted: decrypt it with openssl pkey/,
    kind: "problem",
  },
  {
    title: "an expired certificate",
    certificate: "{ cert: old.test.pem, key: old.test.key }",
    host: "old.test",
    says: /\.cert: has expired: it was valid until \d{4}-/,
    kind: "warning",
  },
  {
    title: "a name that is not in the certificate",
    certificate: "{ cert: a.test.pem, key: a.test.key, names: [a.test, c.test] }",
    says: /\.names\[1\]: is a name that no certificate covers: current value is "c.test"/,
    kind: "warning",
  },
  {
    title: "a host of a route that no certificate covers",
    certificate: "{ cert: b.test.pem, key: b.test.key }",
    host: "x.a.test",
    says: /\.routes\[0\]\.match\.host: is a name that no certificate covers: .*"x\.a\.test"/,
    kind: "warning",
  },
  {
    title: "a key that everybody may read",
    certificate: "{ cert: a.test.pem, key: open.key }",
    says: /\.key: can be read by everybody/,
    kind: "warning",
  },
];

peerTest("certificates are read by the check", ["openssl"], async () => {
  await using folder = await TempFolder.create();
  const authority = await TestAuthority.create(folder.path);
  await authority.issue(["a.test", "*.a.test"]);
  await authority.issue(["b.test"]);
  await authority.issue(["old.test"], { days: -1 });
  const encrypt = ["pkey", "-in", `${folder.path}/a.test.key`, "-aes128", "-passout", "pass:word"];
  const output = ["-out", `${folder.path}/encrypted.key`];
  await runToEnd({ name: "openssl", argv: ["openssl", ...encrypt, ...output] });
  await folder.write("open.key", await Deno.readTextFile(`${folder.path}/a.test.key`));
  await Deno.chmod(`${folder.path}/open.key`, 0o644);

  for (const { title, certificate, host = "a.test", says, kind } of CASES) {
    const path = await folder.write("weir.yaml", configWith(certificate, host));

    const result = await loadConfig(path);

    assertEquals(result.ok, kind === "warning", title);
    const lines = result.ok ? result.warnings : result.problems.map((problem) => {
      return `${problem.file}:${problem.line}:${problem.column}: ${problem.path}: ${problem.message}`;
    });
    assertEquals(lines.length, 1, `${title}: ${lines.join("\n")}`);
    assertMatch(lines[0] ?? "", says);
  }
});

function configWith(certificate: string, host: string): string {
  return `
listeners:
  - address: ":8443"
    protocol: http
    tls: { certificates: [
        ${certificate}
      ] }
    upstream: app
    routes: [{ match: { host: ${host} }, upstream: app }]
upstreams:
  app: { backends: [{ address: "127.0.0.1:1" }] }
`;
}
