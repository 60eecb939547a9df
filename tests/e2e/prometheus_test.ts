import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { HttpBackend } from "../support/http_backend.ts";
import { HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { answerOf, statusOf } from "../support/http_wire.ts";
import { PeerProcess } from "../support/peer_processes.ts";
import { peerTest } from "../support/peers.ts";
import { DEADLINE_MS, eventually } from "../support/wait.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

peerTest(
  "a Prometheus that scrapes under traffic knows how many requests there were",
  ["prometheus"],
  async ({ prometheus }) => {
    await using backend = new HttpBackend(() => answerOf(200, "fine"));
    await using scenario = await startHttp({ backends: [backend.address], workers: 2 });
    await using server = await startPrometheus(prometheus, scenario.admin);
    let requests = 0;
    const traffic = async (isEnough: () => boolean | Promise<boolean>) => {
      using client = await HttpClient.connect(scenario.address);
      do {
        assertEquals(statusOf(await client.ask(GET)), 200);
        requests++;
      } while (!await isEnough());
    };

    // Scrapes come while requests do.
    const hasScraped = async () => (await query(server.address, "up")) === 1;
    await Promise.all([traffic(hasScraped), traffic(hasScraped), traffic(hasScraped)]);
    await traffic(() => requests >= 100);

    const total = 'sum(weir_requests_total{listener="main",upstream="app",code="200"})';
    await eventually("the count of requests", async () => {
      assertEquals(await query(server.address, total), requests);
    });
    const slow = "histogram_quantile(0.99, sum by (le) (weir_request_duration_seconds_bucket))";
    assertGreaterOrEqual(await query(server.address, slow) ?? NaN, 0);
  },
);

/** A Prometheus that scrapes one Weir twice a second. */
function startPrometheus(prometheus: string, target: string): Promise<PeerProcess> {
  return PeerProcess.start(async (address, folder) => {
    const path = await folder.write(
      "prometheus.yml",
      [
        "global: { scrape_interval: 500ms, scrape_timeout: 500ms }",
        "scrape_configs:",
        "  - job_name: weir",
        `    static_configs: [{ targets: ["${target}"] }]`,
        "",
      ].join("\n"),
    );
    return {
      name: "prometheus",
      argv: [
        prometheus,
        `--config.file=${path}`,
        `--storage.tsdb.path=${folder.path}/data`,
        `--web.listen-address=${address}`,
        "--log.level=warn",
      ],
    };
  });
}

/** The only value that a query has now; `undefined` when there is none. */
async function query(address: string, text: string): Promise<number | undefined> {
  const url = `http://${address}/api/v1/query?query=${encodeURIComponent(text)}`;
  const response = await fetch(url, { signal: AbortSignal.timeout(DEADLINE_MS) });
  const { data } = await response.json() as { data?: { result: { value: [number, string] }[] } };
  const [sample] = data?.result ?? [];
  return sample === undefined ? undefined : Number(sample.value[1]);
}
