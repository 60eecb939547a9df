import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { HttpBackend } from "../support/http_backend.ts";
import { answerOf } from "../support/http_wire.ts";
import { peerTest } from "../support/peers.ts";
import { runToEnd } from "../support/process.ts";
import { TlsSite } from "../support/tls_site.ts";
import { eventually } from "../support/wait.ts";

async function startSite(names: readonly (readonly string[])[] = [["a.test"]], workers = 2) {
  await using stack = new AsyncDisposableStack();
  const backend = stack.use(new HttpBackend(() => answerOf(200, "hello")));
  const site = stack.use(
    await TlsSite.start({ protocol: "http", names, backends: [backend.address], workers }),
  );
  const moved = stack.move();
  return { site, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

peerTest("sslscan finds TLS 1.2 and 1.3 and no weak suite", ["sslscan", "openssl"], async () => {
  await using started = await startSite();
  const { site } = started;

  const { stdout } = await runToEnd({
    name: "sslscan",
    argv: ["sslscan", "--no-colour", "--sni-name=a.test", site.scenario.address],
  });

  for (const version of ["SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1"]) {
    assertMatch(stdout, new RegExp(`^${version} +disabled$`, "m"));
  }
  for (const version of ["TLSv1.2", "TLSv1.3"]) {
    assertMatch(stdout, new RegExp(`^${version} +enabled$`, "m"));
  }
  const suites = [...stdout.matchAll(/^(?:Preferred|Accepted) .*bits +(\S+)/gm)].map(([, s]) => s);
  assert(suites.length >= 4, stdout);
  for (const suite of suites) {
    assertMatch(suite ?? "", /^(TLS_(AES|CHACHA20)|ECDHE-ECDSA-(AES\d+-GCM|CHACHA20))/);
  }
});

peerTest("s_client speaks TLS 1.2 and 1.3, and is refused with 1.1", ["openssl"], async () => {
  await using started = await startSite();
  const { site } = started;

  for (const [flag, version] of [["-tls1_2", "TLSv1.2"], ["-tls1_3", "TLSv1.3"]] as const) {
    const { stdout } = await site.sClient([flag, "-servername", "a.test", "-verify_return_error"]);
    assertStringIncludes(stdout, `New, ${version}, Cipher is `);
    assertStringIncludes(stdout, "Verify return code: 0 (ok)");
  }
  const old = await site.sClient(["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]);
  assertStringIncludes(old.stdout, "New, (NONE), Cipher is (NONE)");
});

peerTest("one certificate: a session is resumed", ["openssl"], async () => {
  await using started = await startSite([["a.test"]], 1);
  const { site } = started;
  const file = `${site.folder}/session`;

  await site.sClient(["-tls1_2", "-sess_out", file]);
  const { stdout } = await site.sClient(["-tls1_2", "-sess_in", file]);

  assertStringIncludes(stdout, "Reused, TLSv1.2");
});

for (const names of [[["a.test"]], [["b.test"], ["a.test"]]]) {
  const title = `node:https sends requests over one connection, ${names.length} certificates`;
  peerTest(title, ["node", "openssl"], async () => {
    await using started = await startSite(names);
    const { site } = started;
    const [host, port] = site.scenario.address.split(":");
    const program = `
      const https = require("node:https");
      const ca = require("node:fs").readFileSync(${JSON.stringify(site.authority.caFile)});
      const agent = new https.Agent({ keepAlive: true, maxSockets: 1, ca, servername: "a.test" });
      const ask = () => new Promise((resolve, reject) => {
        const options = { host: "${host}", port: ${port}, agent, headers: { host: "a.test" } };
        https.get(options, (answer) => {
          let body = "";
          const { localPort } = answer.socket;
          answer.on("data", (piece) => body += piece);
          answer.on("end", () => resolve(answer.statusCode + " " + body + " " + localPort));
        }).on("error", reject);
      });
      (async () => {
        const said = [await ask(), await ask(), await ask()];
        console.log(JSON.stringify(said));
        agent.destroy();
      })();`;

    const { stdout, stderr } = await runToEnd({ name: "node", argv: ["node", "-e", program] });

    assertEquals(stderr, "");
    const said = JSON.parse(stdout) as string[];
    assertEquals(new Set(said).size, 1);
    assertMatch(said[0] ?? "", /^200 hello \d+$/);
  });
}

for (const names of [[["a.test"]], [["b.test"], ["a.test"]]]) {
  const title = `a handshake under way at SIGTERM ends well, ${names.length} certificates`;
  peerTest(title, ["openssl"], async () => {
    await using started = await startSite(names);
    const { site } = started;
    const { scenario } = site;
    const [hostname = "", port] = scenario.address.split(":");
    const tcp = await Deno.connect({ hostname, port: Number(port) });
    await eventually("the connection", async () => {
      assertEquals((await scenario.listenerStatus()).active, 1);
    });

    scenario.weir.signal("SIGTERM");
    await scenario.waitForLog(/Draining/);
    await eventually("the listener to close", async () => {
      await Deno.connect({ hostname, port: Number(port) }).then(
        (conn) => {
          conn.close();
          throw new Error("still open");
        },
        () => {},
      );
    });
    const caCerts = [await Deno.readTextFile(site.authority.caFile)];
    using conn = await Deno.startTls(tcp, { hostname: "a.test", caCerts });
    await conn.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"));
    const answer = await new Response(conn.readable).text();

    assertMatch(answer, /^HTTP\/1.1 200 /);
    assertMatch(answer, /^connection: close\r$/im);
    assertStringIncludes(answer, "hello");
    assertEquals((await scenario.weir.finished()).code, 0);
  });
}

peerTest(
  "a large answer before the connection closes arrives whole",
  ["curl", "openssl"],
  async () => {
    const body = "x".repeat(8_000_000);
    await using backend = new HttpBackend(() => answerOf(200, body, "Connection: close"));
    await using site = await TlsSite.start({
      protocol: "http",
      names: [["a.test"]],
      backends: [backend.address],
    });
    const output = `${site.folder}/body`;

    const { code } = await site.curl("a.test", ["-o", output, "-H", "Connection: close"]);

    assertEquals([code, (await Deno.stat(output)).size], [0, body.length]);
  },
);
