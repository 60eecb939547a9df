import { assertEquals, assertGreater } from "@std/assert";
import { freeAddress } from "../support/free_port.ts";
import { HttpBackend } from "../support/http_backend.ts";
import { HttpClient } from "../support/http_client.ts";
import { answerOf, statusOf } from "../support/http_wire.ts";
import { sampledIn, scrape, sumOf } from "../support/metrics_client.ts";
import { TempFolder } from "../support/paths.ts";
import { peerTest } from "../support/peers.ts";
import { runToEnd } from "../support/process.ts";
import { Scenario } from "../support/scenario.ts";
import { eventually } from "../support/wait.ts";

/** Names that operators build on. */
const PROMISED = [
  "weir_build_info",
  "weir_connections_active",
  "weir_connections_total",
  "weir_requests_total",
  "weir_request_duration_seconds",
  "weir_upstream_connect_duration_seconds",
  "weir_backend_up",
  "weir_backend_in_flight",
  "weir_backend_weight",
  "weir_backend_health_checks_total",
  "weir_backend_phi",
  "weir_circuit_state",
  "weir_retries_total",
  "weir_rejected_total",
  "weir_pool_idle",
  "weir_pool_reuse_total",
  "weir_queue_length",
  "weir_bytes_total",
  "weir_panic",
];

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
/** Two backends of `app` take turns, one of which refuses. */
const REQUESTS = 8;

Deno.test("every metric that is promised is there after some traffic, with the right counts", async () => {
  await using backend = new HttpBackend(() => answerOf(200, "fine"));
  await using scenario = await startBusy(backend.address);

  const page = await eventually("the checks to have passed", async () => {
    const page = await scrape(scenario.admin);
    assertGreater(sumOf(page, "weir_backend_health_checks_total", 'result="passed"'), 0);
    return page;
  });

  assertEquals(PROMISED.filter((name) => !sampledIn(page).has(name)), []);
  const answered = [`upstream="app",backend="${backend.address}"`, 'code="200"'];
  assertEquals(sumOf(page, "weir_requests_total", ...answered), REQUESTS);
  assertEquals(sumOf(page, "weir_requests_total", 'upstream="",backend="",code="400"'), 1);
  assertEquals(sumOf(page, "weir_rejected_total", 'reason="bad_host"'), 1);
  assertEquals(sumOf(page, "weir_request_duration_seconds_count"), REQUESTS);
  assertEquals(sumOf(page, "weir_requests_started_total"), REQUESTS);
  const retries = sumOf(page, "weir_retries_total", 'upstream="app",reason="connect"');
  assertGreater(retries, 0);
  const { listeners: [listener], upstreams } = await scenario.status();
  assertEquals(listener?.retries, retries);
  const reuses = upstreams[0]?.backends.reduce((sum, backend) => sum + backend.reuses, 0);
  assertEquals(sumOf(page, "weir_pool_reuse_total"), reuses);
  assertEquals(
    sumOf(page, "weir_bytes_total", 'direction="in"'),
    REQUESTS * GET.length + BAD.length,
  );
});

peerTest("promtool check metrics accepts the page", ["promtool"], async ({ promtool }) => {
  await using backend = new HttpBackend(() => answerOf(200, "fine"));
  await using scenario = await startBusy(backend.address);
  await using folder = await TempFolder.create();
  const path = await folder.write("metrics.txt", await scrape(scenario.admin));

  const { code, stdout, stderr } = await runToEnd({
    name: "promtool",
    argv: ["sh", "-c", '"$0" check metrics <"$1"', promtool, path],
  });

  assertEquals([code, stdout, stderr], [0, "", ""]);
});

const BAD = "GET / HTTP/1.1\r\n\r\n";

/** Weir before a backend that answers, one that refuses, and one that is checked; after requests. */
async function startBusy(address: string): Promise<Scenario> {
  await using stack = new AsyncDisposableStack();
  const listen = freeAddress();
  const detector = { type: "tcp", interval: "1s", detector: "phi_accrual" };
  const scenario = stack.use(
    await Scenario.start({
      backends: [],
      address: listen,
      top: {
        workers: 1,
        listeners: [{ name: "main", address: listen, protocol: "http", upstream: "app" }],
        upstreams: {
          app: {
            algorithm: "round_robin",
            backends: [{ address }, { address: freeAddress() }],
            health_check: { type: "none" },
          },
          watched: { backends: [{ address }], health_check: detector },
        },
      },
    }),
  );
  using client = await HttpClient.connect(listen);
  for (let i = 0; i < REQUESTS; i++) assertEquals(statusOf(await client.ask(GET)), 200);
  using bad = await HttpClient.connect(listen);
  assertEquals(statusOf(await bad.ask(BAD)), 400);
  stack.move();
  return scenario;
}
