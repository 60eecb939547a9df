import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { HttpBackend } from "../support/http_backend.ts";
import { answerOf } from "../support/http_wire.ts";
import { peerTest } from "../support/peers.ts";
import { TlsSite } from "../support/tls_site.ts";
import { eventually } from "../support/wait.ts";

/** Starts a site whose certificates' files can be replaced. */
async function startSite(names: readonly (readonly string[])[]) {
  await using stack = new AsyncDisposableStack();
  const backend = stack.use(new HttpBackend(() => answerOf(200, "hello")));
  const site = stack.use(
    await TlsSite.start({ protocol: "http", names, backends: [backend.address] }),
  );
  const moved = stack.move();
  return { site, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

async function shownBy(site: TlsSite, name: string): Promise<string> {
  const { stdout } = await site.sClient(["-servername", name]);
  const [certificate = ""] = /-----BEGIN CERT[^]*?-----END CERTIFICATE-----/.exec(stdout) ?? [];
  return certificate;
}

peerTest("a certificate that was replaced on disk is shown", ["openssl"], async () => {
  await using started = await startSite([["a.test"]]);
  const { site } = started;
  const before = await shownBy(site, "a.test");

  const next = await site.authority.issue(["a.test"], { file: "next" });
  const [pair] = site.pairs;
  await Deno.rename(next.key, pair!.key);
  await Deno.rename(next.cert, pair!.cert);

  const expected = (await Deno.readTextFile(pair!.cert)).trim();
  assert(expected !== before);
  await eventually("the new certificate", async () => {
    assertEquals(await shownBy(site, "a.test"), expected);
  });
});

peerTest("a swap of ..data, as with a ConfigMap, is noticed each time", ["openssl"], async () => {
  await using started = await startSite([["a.test"], ["b.test"]]);
  const { site } = started;
  const [pair] = site.pairs;

  for (const round of ["one", "two"]) {
    const folder = `${site.folder}/..${round}`;
    await Deno.mkdir(folder);
    const next = await site.authority.issue(["a.test"], { file: `next-${round}` });
    await Deno.rename(next.cert, `${folder}/site0.pem`);
    await Deno.rename(next.key, `${folder}/site0.key`);
    await Deno.symlink(`..${round}`, `${site.folder}/..tmp`);
    await Deno.rename(`${site.folder}/..tmp`, `${site.folder}/..data`);
    if (round === "one") {
      for (const file of [pair!.cert, pair!.key]) {
        await Deno.symlink(`..data/${file.replace(/^.*\//, "")}`, `${file}.link`);
        await Deno.rename(`${file}.link`, file);
      }
    }

    const expected = (await Deno.readTextFile(`${folder}/site0.pem`)).trim();
    await eventually("the new certificate", async () => {
      assertEquals(await shownBy(site, "a.test"), expected);
    });
  }
});

peerTest("a broken pair keeps the one before, and SIGHUP reads again", ["openssl"], async () => {
  await using started = await startSite([["a.test"]]);
  const { site } = started;
  const before = await shownBy(site, "a.test");
  const [pair] = site.pairs;
  const other = await site.authority.issue(["a.test"], { file: "other" });

  await Deno.copyFile(other.cert, pair!.cert);

  await site.scenario.waitForLog(/Cannot use new certificate.*does not belong to the certificate/);
  assertEquals(await shownBy(site, "a.test"), before);
  const { certificates: [broken] } = await site.scenario.status();
  assertStringIncludes(broken?.error ?? "", `${pair!.key}: does not belong to the certificate`);

  await Deno.copyFile(other.key, pair!.key);
  site.scenario.weir.signal("SIGHUP");
  await site.scenario.waitForLog(/Configuration reloaded/);
  await site.scenario.waitForLog(/Certificate replaced/);
  await eventually("the new certificate", async () => {
    assertEquals(
      await shownBy(site, "a.test"),
      (await Deno.readTextFile(other.cert)).trim(),
    );
  });
  assertEquals((await site.scenario.status()).certificates[0]?.error, undefined);
});

peerTest("what expires soon is told", ["openssl"], async () => {
  await using started = await startSite([["a.test"]]);
  const { site } = started;
  const [pair] = site.pairs;
  const { certificates: [first] } = await site.scenario.status();
  assertEquals([first?.name, first?.listeners, first?.daysLeft], ["a.test", ["main"], 29]);
  assert((first?.secondsLeft ?? 0) > 29 * 86_400);
  assertMatch(first?.notAfter ?? "", /^\d{4}-\d\d-\d\dT/);
  assert(!JSON.stringify(await site.scenario.status()).includes("PRIVATE KEY"));

  const next = await site.authority.issue(["a.test"], { file: "next", days: 5 });
  await Deno.rename(next.key, pair!.key);
  await Deno.rename(next.cert, pair!.cert);

  await site.scenario.waitForLog(/Certificate expires soon.*daysLeft=4/);
});

for (const names of [[["a.test"]], [["b.test"], ["a.test"]]]) {
  peerTest(`50 swaps lose no connection, ${names.length} certificates`, ["openssl"], async () => {
    await using started = await startSite(names);
    const { site } = started;
    const pair = site.pairs.at(-1)!;
    const pairs = [
      { cert: await Deno.readTextFile(pair.cert), key: await Deno.readTextFile(pair.key) },
    ];
    const other = await site.authority.issue(["a.test"], { file: "other" });
    pairs.push({
      cert: await Deno.readTextFile(other.cert),
      key: await Deno.readTextFile(other.key),
    });
    const caCerts = [await Deno.readTextFile(site.authority.caFile)];
    const [hostname = "", port] = site.scenario.address.split(":");
    let isOver = false;
    let done = 0;

    const client = async () => {
      while (!isOver) {
        const tcp = await Deno.connect({ hostname, port: Number(port) });
        using conn = await Deno.startTls(tcp, { hostname: "a.test", caCerts });
        await conn.write(ASK);
        const count = await conn.read(new Uint8Array(1000));
        assert(count !== null && count > 0);
        done++;
      }
    };
    const clients = Promise.all([client(), client(), client(), client()]);
    const swaps = async () => {
      for (let swap = 1; swap <= 50; swap++) {
        const { cert, key } = pairs[swap % 2]!;
        await Deno.writeTextFile(pair.key, key);
        await Deno.writeTextFile(pair.cert, cert);
        site.scenario.weir.signal("SIGHUP");
        // Not by the log: a swap that is noticed between two writes is told of twice.
        await eventually(`swap ${swap}`, async () => {
          assertEquals(await shownBy(site, "a.test"), cert.trim());
        });
      }
    };
    await Promise.race([swaps(), clients]);
    isOver = true;
    await clients;

    assertEquals(await shownBy(site, "a.test"), pairs[0]!.cert.trim());
    assert(done > 50, `only ${done} connections`);
    const { tls } = await site.scenario.listenerStatus();
    assertEquals(Object.values(tls!.failures).reduce((sum, count) => sum + count), 0);
  });
}

const ASK = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
