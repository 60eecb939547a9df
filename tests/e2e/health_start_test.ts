import { assert, assertEquals } from "@std/assert";
import { BlackHole } from "../support/black_hole.ts";
import { HttpBackend } from "../support/http_backend.ts";
import { askOnce } from "../support/http_client.ts";
import { answerOf, statusOf } from "../support/http_wire.ts";
import { Scenario } from "../support/scenario.ts";

const HTTP = { type: "http", path: "/health", interval: "100ms", timeout: "2s", rise: 2 };

Deno.test("from its first moment Weir sends nobody to a backend that is not well, and refuses nobody", async () => {
  await using wells = new HttpBackend(() => answerOf(200, "well"));
  await using ill = new HttpBackend(() => "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n");
  for (let start = 0; start < 3; start++) {
    await using scenario = await Scenario.start({
      backends: [ill.address, wells.address],
      listener: { protocol: "http" },
      upstream: { health_check: HTTP, retry: { attempts: 0 } },
    });

    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(scenario)));

    assert(answers.every((answer) => statusOf(answer) === 200));
  }
  assert(ill.requests.every(({ line }) => line === "GET /health HTTP/1.1"));
});

Deno.test("a backend that swallows packets holds up no start, and gets nobody", async () => {
  using hole = await BlackHole.open();
  await using well = new HttpBackend(() => answerOf(200, "well"));
  await using scenario = await Scenario.start({
    backends: [hole.address, well.address],
    listener: { protocol: "http" },
    // Longer than anybody waits for the start.
    upstream: { health_check: { ...HTTP, timeout: "60s" }, connect_timeout: "60s" },
  });

  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(scenario)));

  assert(answers.every((answer) => statusOf(answer) === 200));
  const [first] = await scenario.backendStatus();
  assertEquals([first?.up, first?.health, first?.connectFailures], [
    false,
    { passed: 0, failed: 0 },
    0,
  ]);
});

function ask(scenario: Scenario) {
  return askOnce(scenario.address, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
}
