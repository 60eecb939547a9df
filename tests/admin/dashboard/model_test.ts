import { assertAlmostEquals, assertEquals } from "@std/assert";
import { flowBetween, increase, keyOf } from "../../../dashboard/counters.ts";
import { Model } from "../../../dashboard/model.ts";
import { KEPT_POINTS } from "../../../dashboard/history.ts";
import type { StatusLook } from "../../../dashboard/status.ts";
import type { Status } from "../../../lib/runtime/status.ts";
import { backend, listener, status, upstream } from "./looks.ts";

Deno.test("the status of the program has all that the page reads", () => {
  // What is tested is that this compiles.
  const read = (told: Status): StatusLook => told;

  assertEquals(typeof read, "function");
});

Deno.test("increase() takes a counter that went down for one that began anew", () => {
  assertEquals(increase(12, 10), 2);
  assertEquals(increase(3, 10), 3);
  assertEquals(increase(3, undefined), 0);
});

Deno.test("flowBetween() leaves out what is in one look only", () => {
  const before = status([], { listeners: [listener({ requests: 10 })] });
  const after = status([], {
    listeners: [listener({ requests: 15 }), listener({ name: "new", requests: 1000 })],
  });

  assertEquals(flowBetween(before, after).requests, 5);
  assertEquals(flowBetween(after, before).requests, 10);
});

Deno.test("Model.takeStatus() makes rates of counters", () => {
  const model = new Model();
  model.takeStatus(status([], { listeners: [listener({ requests: 100, retries: 1 })] }), 1000);
  assertEquals(model.rates, undefined);

  model.takeStatus(status([], { listeners: [listener({ requests: 300, retries: 2 })] }), 3000);

  assertEquals(model.rates?.requests, 100);
  assertEquals(model.history.times, [3]);
  assertEquals(model.history.column("requests"), [100]);
  assertEquals(model.history.column("retries"), [0.5]);
});

Deno.test("Model.takeStatus() takes two looks at almost the same time for one", () => {
  const model = new Model();
  const at = (requests: number) => status([], { listeners: [listener({ requests })] });
  model.takeStatus(at(0), 1000);
  model.takeStatus(at(100), 1001);
  assertEquals(model.rates, undefined);

  model.takeStatus(at(200), 2000);

  assertEquals(model.rates?.requests, 200);
});

Deno.test("Model.takeStatus() goes on after the clock was set back", () => {
  const model = new Model();
  const at = (requests: number) => status([], { listeners: [listener({ requests })] });
  model.takeStatus(at(0), 900_000);
  model.takeStatus(at(10), 1000);
  model.takeStatus(at(30), 2000);

  assertEquals(model.rates?.requests, 20);
});

Deno.test("Model.errors counts answers of 500 and above, and clients that got no answer", () => {
  const model = new Model();
  const tcp = listener({ name: "tcp", protocol: "tcp" });
  model.takeStatus(status([], { listeners: [listener(), tcp] }), 0);
  const http = listener({ noBackend: 4, answersCut: 1 });
  const after = [http, { ...tcp, queueFull: 2 }];
  model.takeStatus(status([], { listeners: after }), 1000);
  assertEquals(model.errors, 7);

  // With metrics, the four of them are among the answers of 500 and above.
  const page = (errors: number) => `weir_requests_total{code="503"} ${errors}`;
  model.takeMetrics(page(0), 0);
  model.takeMetrics(page(9), 1000);

  assertEquals(model.errors, 9 + 2 + 1);
});

Deno.test("Model.takeMetrics() forgets what metrics told once there are none", () => {
  const model = new Model();
  model.takeMetrics("process_start_time_seconds 1", 0);
  model.takeMetrics(undefined, 1000);

  assertEquals(model.metrics, undefined);
});

Deno.test("Model.loadOf() tells rate, failures and share of a backend", () => {
  const model = new Model();
  const at = (a: number, b: number) =>
    status([
      upstream("app", [
        backend({ id: "a", requests: a, failures: a / 10 }),
        backend({ id: "b", connections: b }),
      ]),
    ]);
  model.takeStatus(at(0, 0), 0);
  assertEquals(model.loadOf("app", "a"), { rate: 0, failures: 0 });

  model.takeStatus(at(30, 10), 1000);

  const load = model.loadOf("app", "a");
  assertEquals([load.rate, load.share], [30, 0.75]);
  assertAlmostEquals(load.failures, 3);
  assertEquals(model.loadOf("app", "b").share, 0.25);
  assertEquals(model.rateOf("app"), 40);
  assertEquals(model.rateOf("gone"), 0);
  assertEquals(model.loadOf("app", "gone"), { rate: 0, failures: 0 });
});

Deno.test("Model keeps ten minutes, and nothing of backends that are gone", () => {
  const model = new Model();
  const both = [backend({ id: "a" }), backend({ id: "b" })];
  for (let second = 0; second <= KEPT_POINTS + 5; second++) {
    const backends = both.slice(0, second < 4 ? 2 : 1).map((one) => {
      return { ...one, requests: second * 10 };
    });
    model.takeStatus(status([upstream("app", backends)]), second * 1000);
  }

  assertEquals(model.history.times.length, KEPT_POINTS);
  assertEquals(model.places.at(-1), KEPT_POINTS + 4);
  assertEquals(model.workOf(keyOf("app", "b")), undefined);
  assertAlmostEquals(model.totals.get("app")!.sum, KEPT_POINTS * 10);
});
