import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { attributeOf, Collector, type OtlpSpan } from "../support/collector.ts";
import { freeAddress } from "../support/free_port.ts";
import { HttpBackend } from "../support/http_backend.ts";
import { askOnce } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { valueOf } from "../support/http_wire.ts";
import { eventually } from "../support/wait.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const SERVER = 2;
const CLIENT = 3;

function answering(): HttpBackend {
  return new HttpBackend(() => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

function request(...fields: readonly string[]): string {
  const lines = ["GET /a?b=c HTTP/1.1", "Host: x", "Connection: close", ...fields, "", ""];
  return lines.join("\r\n");
}

function spansOf(collector: Collector, count: number): Promise<readonly OtlpSpan[]> {
  return eventually(`${count} spans`, () => {
    assertEquals(collector.spans.length, count);
    return collector.spans;
  });
}

Deno.test("without tracing, what a caller says of its trace goes on as it is", async () => {
  await using backend = answering();
  await using scenario = await startHttp({ backends: [backend.address] });
  const fields = [`traceparent: 00-${TRACE}-${SPAN}-01`, "tracestate: a=1,b=2"];

  await askOnce(scenario.address, request(...fields));

  assertEquals(valueOf(backend.request, "traceparent"), `00-${TRACE}-${SPAN}-01`);
  assertEquals(valueOf(backend.request, "tracestate"), "a=1,b=2");
});

Deno.test("a trace of a caller gets a span for the request and one for each attempt", async () => {
  await using collector = new Collector();
  await using backend = answering();
  const dead = freeAddress();
  await using scenario = await startHttp({
    backends: [dead, backend.address],
    upstream: { algorithm: "first" },
    top: { tracing: { endpoint: collector.endpoint, sample: 0, service_name: "edge" } },
  });

  await askOnce(
    scenario.address,
    request(`traceparent: 00-${TRACE}-${SPAN}-01`, "tracestate: a=1"),
  );

  const spans = await spansOf(collector, 3);
  const server = spans.find(({ kind }) => kind === SERVER)!;
  const [failed, answered] = spans.filter(({ kind }) => kind === CLIENT);
  assertEquals(spans.map(({ traceId }) => traceId), [TRACE, TRACE, TRACE]);
  assertEquals([server.parentSpanId, server.name], [SPAN, "GET"]);
  assertEquals(attributeOf(server, "url.path"), "/a");
  assertEquals(attributeOf(server, "url.query"), "b=c");
  assertEquals(attributeOf(server, "http.response.status_code"), 200);
  assertEquals([failed?.parentSpanId, answered?.parentSpanId], [server.spanId, server.spanId]);
  assertEquals(attributeOf(failed!, "weir.backend"), dead);
  assertEquals(attributeOf(failed!, "error.type"), "connect");
  assertEquals(attributeOf(answered!, "weir.backend"), backend.address);
  assertEquals(attributeOf(answered!, "http.request.resend_count"), 1);
  assertEquals([...collector.services], ["edge"]);
  assert(BigInt(server.startTimeUnixNano) <= BigInt(failed!.startTimeUnixNano));
  assert(BigInt(answered!.endTimeUnixNano) <= BigInt(server.endTimeUnixNano));
  assertEquals(valueOf(backend.request, "traceparent"), `00-${TRACE}-${answered!.spanId}-01`);
  assertEquals(valueOf(backend.request, "tracestate"), "a=1");
});

Deno.test("where nobody has begun a trace one is begun, recorded by chance", async () => {
  await using collector = new Collector();
  await using backend = answering();
  await using scenario = await startHttp({
    backends: [backend.address],
    top: { tracing: { endpoint: collector.endpoint, sample: 1 } },
  });

  await askOnce(scenario.address, request("traceparent: nonsense", "tracestate: a=1"));
  await askOnce(scenario.address, request(`traceparent: 00-${TRACE}-${SPAN}-00`));

  const [server, client] = await spansOf(collector, 2);
  const [first, second] = backend.requests;
  assertNotEquals(server?.traceId, TRACE);
  assertEquals(valueOf(first!, "traceparent"), `00-${server!.traceId}-${client!.spanId}-01`);
  assertEquals(valueOf(first!, "tracestate"), undefined);
  assertEquals(valueOf(second!, "traceparent"), `00-${TRACE}-${SPAN}-00`);
});

Deno.test("an answer of Weir's own is a failed span", async () => {
  await using collector = new Collector();
  await using scenario = await startHttp({
    backends: [freeAddress()],
    upstream: { retry: { attempts: 0 } },
    top: { tracing: { endpoint: collector.endpoint, sample: 1 } },
  });

  await askOnce(scenario.address, request());

  const [server] = await spansOf(collector, 2);
  assertEquals([server?.kind, server?.status.code], [SERVER, 2]);
  assertEquals(attributeOf(server!, "weir.reason"), "connect_failed");
});

Deno.test("a collector that is down harms no traffic; what is lost is told and counted", async () => {
  await using backend = answering();
  await using scenario = await startHttp({
    backends: [backend.address],
    top: { tracing: { endpoint: `http://${freeAddress()}`, sample: 1 } },
  });

  for (let i = 0; i < 20; i++) {
    assertEquals((await askOnce(scenario.address, request())).body, "ok");
  }

  await scenario.waitForLog(/Traces cannot be sent endpoint=\S+\/v1\/traces error=.*ECONNREFUSED/);
  await eventually("every span to be counted", async () => {
    assertEquals((await scenario.status()).tracing?.failed, 40);
  });
});

Deno.test("a reload begins, changes and ends tracing", async () => {
  await using first = new Collector();
  await using second = new Collector();
  await using backend = answering();
  await using scenario = await startHttp({ backends: [backend.address] });
  const config = await scenario.config();

  await askOnce(scenario.address, request());
  await scenario.reload({ ...config, tracing: { endpoint: first.endpoint, sample: 1 } });
  await askOnce(scenario.address, request());
  await spansOf(first, 2);
  await scenario.reload({ ...config, tracing: { endpoint: second.endpoint, sample: 1 } });
  await askOnce(scenario.address, request());
  await spansOf(second, 2);
  await scenario.reload(config);
  await askOnce(scenario.address, request());

  assertMatch(valueOf(backend.requests[1]!, "traceparent") ?? "", /-01$/);
  assertEquals(valueOf(backend.requests[3]!, "traceparent"), undefined);
  assertEquals([first.spans.length, second.spans.length], [2, 2]);
});
