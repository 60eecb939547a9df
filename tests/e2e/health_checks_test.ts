import { assertEquals, assertGreater, assertMatch } from "@std/assert";
import { HttpBackend } from "../support/http_backend.ts";
import { askOnce } from "../support/http_client.ts";
import { answerOf } from "../support/http_wire.ts";
import { peerTest } from "../support/peers.ts";
import { PythonServer } from "../support/python.ts";
import { Scenario, type Settings } from "../support/scenario.ts";
import { resetting, type Serve, TestServer, writeAll } from "../support/servers.ts";
import { eventually } from "../support/wait.ts";

const HTTP = { type: "http", path: "/health", interval: "100ms", timeout: "2s", rise: 2 };

/** Weir with HTTP checks before backends that the test calls by their names. */
function startChecked(
  backends: Readonly<Record<string, string>>,
  check: Settings,
): Promise<Scenario> {
  return Scenario.start({
    backends: Object.entries(backends).map(([name, address]) => ({ name, address })),
    listener: { protocol: "http" },
    upstream: { health_check: { ...HTTP, ...check } },
  });
}

/** Which of the backends are up. */
async function whoIsUp(scenario: Scenario): Promise<string> {
  return (await scenario.backendStatus()).filter(({ up }) => up).map(({ id }) => id).join(" ");
}

const DETECTORS: Readonly<Record<string, Settings>> = {
  threshold: { fall: 2, timeout: "500ms" },
  phi_accrual: { detector: "phi_accrual", phi_acceptable_pause: "300ms", timeout: "500ms" },
};

for (const [name, detector] of Object.entries(DETECTORS)) {
  peerTest(
    `a backend that is stopped is found by ${name}, and taken back when it goes on`,
    ["python3"],
    async ({ python3 }) => {
      await using frozen = await PythonServer.start(python3, "frozen");
      await using other = await PythonServer.start(python3, "other");
      const addresses = { frozen: frozen.address, other: other.address };
      await using scenario = await startChecked(addresses, { path: "/name", ...detector });
      assertEquals(await whoIsUp(scenario), "frozen other");

      frozen.signal("SIGSTOP");
      await scenario.waitForLog(
        /warning Backend is down upstream=app backend=frozen reason=".*(no answer in time|no sign of life)/,
      );
      const [status] = await scenario.backendStatus();

      assertEquals(await whoIsUp(scenario), "other");
      assertMatch(status?.health?.reason ?? "", /no answer in time|no sign of life/);
      assertEquals(status?.health?.phi !== undefined, name === "phi_accrual");
      if (name === "phi_accrual") assertGreater(status!.health!.phi!, 8);
      frozen.signal("SIGCONT");
      await scenario.waitForLog(/info Backend is up upstream=app backend=frozen/);
      assertEquals(await whoIsUp(scenario), "frozen other");
    },
  );
}

Deno.test("a backend that answers 500 on its health path is out until it answers well", async () => {
  let isIll = false;
  await using ill = new HttpBackend(({ request }) => {
    const status = isIll && request.line.startsWith("GET /health ") ? "500 Oh" : "200 OK";
    return `HTTP/1.1 ${status}\r\nContent-Length: 3\r\n\r\nill`;
  });
  await using well = new HttpBackend(() => answerOf(200, "well"));
  await using scenario = await startChecked({ ill: ill.address, well: well.address }, {});

  isIll = true;
  await scenario.waitForLog(
    /Backend is down upstream=app backend=ill reason=".*status must be 200-399: it is 500/,
  );
  const bodies = new Set<string>();
  await eventually("ill out of every thread's rotation", async () => {
    bodies.clear();
    for (let i = 0; i < 20; i++) bodies.add((await ask(scenario)).body);
    assertEquals([...bodies], ["well"]);
  });
  const [{ health } = {}] = await scenario.backendStatus();
  isIll = false;
  await scenario.waitForLog(/info Backend is up upstream=app backend=ill/);

  assertMatch(health?.reason ?? "", /it is 500$/);
  assertEquals(health?.lastCheck?.passed, false);
});

Deno.test("a backend with another body than is expected is out", async () => {
  await using maintenance = new HttpBackend(() => answerOf(200, "maintenance"));
  await using well = new HttpBackend(() => answerOf(200, "all is well"));
  await using scenario = await startChecked(
    { maintenance: maintenance.address, well: well.address },
    { host: "app.internal", headers: { "X-Check": "1" }, expect_body_regex: "is (well|fine)$" },
  );

  assertEquals(await whoIsUp(scenario), "well");
  assertMatch(
    maintenance.received,
    /^GET \/health HTTP\/1\.1\r\nHost: app\.internal\r\nX-Check: 1\r\n.*\r\nConnection: close\r\n\r\n/,
  );
  const [first] = await scenario.backendStatus();
  assertMatch(first?.health?.reason ?? "", /body must match \/is \(well\|fine\)\$\/u/);
});

Deno.test("a backend that accepts and resets is out for HTTP checks, though it can be connected", async () => {
  await using resets = resetting();
  await using well = new HttpBackend(() => answerOf(200, "well"));
  await using scenario = await startChecked({ resets: resets.address, well: well.address }, {});

  assertEquals(await whoIsUp(scenario), "well");
  assertEquals((await ask(scenario)).body, "well");
  assertEquals((await scenario.listenerStatus()).retries, 0);
});

Deno.test("a TCP check that asks tells a backend that answers from one that only accepts", async () => {
  const answering = (answer: string): Serve => async (conn) => {
    await conn.read(new Uint8Array(64));
    await writeAll(conn, new TextEncoder().encode(answer));
  };
  await using loading = new TestServer(answering("-LOADING\r\n"));
  await using ready = new TestServer(answering("+PONG\r\n"));
  await using scenario = await Scenario.start({
    backends: [loading, ready].map(({ address }) => address),
    upstream: { health_check: { send: "PING\r\n", expect: "+PONG" } },
  });

  assertEquals(await whoIsUp(scenario), ready.address);
  await scenario.waitForLog(/Backend is down .* reason=".*answer must hold what is expected/);
});

function ask(scenario: Scenario) {
  return askOnce(scenario.address, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
}
