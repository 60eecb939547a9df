import { assertEquals, assertGreater, assertMatch } from "@std/assert";
import { Agent, createServer, request as httpRequest } from "node:http";
import { randomLoopback } from "../support/free_port.ts";
import { HttpBackend } from "../support/http_backend.ts";
import { askOnce } from "../support/http_client.ts";
import { AB, NginxSite, runWrk } from "../support/http_peers.ts";
import { startHttp } from "../support/http_scenario.ts";
import { answerOf, headOf, statusOf, valueOf, Wire } from "../support/http_wire.ts";
import { TempFolder } from "../support/paths.ts";
import { peerTest } from "../support/peers.ts";
import { runToEnd } from "../support/process.ts";
import { PythonServer } from "../support/python.ts";
import { TestServer } from "../support/servers.ts";
import { within } from "../support/wait.ts";

peerTest(
  'curl --data \'{"key":"value"}\' reaches a backend unchanged',
  ["curl"],
  async ({ curl }) => {
    await using backend = new HttpBackend(() => answerOf(200, "thanks"));
    await using scenario = await startHttp({ backends: [backend.address], workers: 2 });

    const { code, stdout } = await runToEnd({
      name: "curl",
      argv: [
        curl,
        "--silent",
        "--location",
        scenario.address,
        "--header",
        "Content-Type: application/json",
        "--data",
        '{"key":"value"}',
      ],
    });

    assertEquals([code, stdout], [0, "thanks"]);
    const { request } = backend;
    assertEquals(request.line, "POST / HTTP/1.1");
    assertEquals(request.body, '{"key":"value"}');
    assertEquals(valueOf(request, "Host"), scenario.address);
    assertEquals(valueOf(request, "Content-Type"), "application/json");
    assertEquals(valueOf(request, "Content-Length"), "15");
    assertMatch(valueOf(request, "User-Agent") ?? "", /^curl\//);
    assertEquals(valueOf(request, "Accept"), "*/*");
  },
);

for (const answer of [100, 417]) {
  peerTest(
    `curl uploads with Expect: 100-continue, and is told ${answer}`,
    ["curl"],
    async ({ curl }) => {
      await using backend = new TestServer(async (conn) => {
        const wire = new Wire(conn);
        const head = await wire.readHead();
        if (head === undefined) return;
        // Nothing of the body is there: curl waits for this.
        const early = wire.rest;
        if (answer === 417) {
          return await wire.send(answerOf(417, `no ${early}`, "Connection: close"));
        }
        await wire.send(headOf("HTTP/1.1 100 Continue"));
        const { body } = await wire.readBody(head, "none");
        await wire.send(answerOf(200, `${early}${body.length}`));
      });
      await using scenario = await startHttp({ backends: [backend.address] });
      await using folder = await TempFolder.create();
      const path = await folder.write("body", "x".repeat(300_000));

      const { code, stdout, stderr } = await runToEnd({
        name: "curl",
        argv: [
          curl,
          "--silent",
          "--show-error",
          "--expect100-timeout",
          "20",
          "-H",
          "Expect: 100-continue",
          "--data-binary",
          `@${path}`,
          "--write-out",
          " %{http_code}",
          `http://${scenario.address}/`,
        ],
      });

      // Told 417, curl sends the body again without an expectation, over another connection.
      assertEquals([code, stdout], [0, answer === 100 ? "300000 200" : "no  417"], stderr);
    },
  );
}

peerTest("curl keeps its connection for a hundred requests", ["curl"], async ({ curl }) => {
  await using backend = new HttpBackend(({ request }) => answerOf(200, `${request.line}\n`));
  await using scenario = await startHttp({ backends: [backend.address] });

  const url = `http://${scenario.address}/[1-100]`;
  const { code, stdout } = await runToEnd({ name: "curl", argv: [curl, "--silent", url] });

  const lines = Array.from({ length: 100 }, (_, i) => `GET /${i + 1} HTTP/1.1`);
  assertEquals([code, stdout.trim().split("\n")], [0, lines]);
  assertEquals((await scenario.listenerStatus()).accepted, 1);
  assertEquals(backend.accepted, 1);
});

for (const keepAlive of [[], ["-k"]]) {
  const title = ["ab", ...keepAlive, "-n 1000 -c 100"].join(" ");
  peerTest(`${title}: no request fails`, [AB, "nginx"], async (paths) => {
    await using nginx = await NginxSite.start(paths.nginx, { "index.html": "hello\n" });
    await using scenario = await startHttp({ backends: [nginx.address], workers: 2 });

    const { code, stdout, stderr } = await runToEnd({
      name: "ab",
      argv: [paths[AB], ...keepAlive, "-n", "1000", "-c", "100", `http://${scenario.address}/`],
    });

    assertEquals(code, 0, stderr);
    assertMatch(stdout, /Complete requests: +1000\n/);
    assertMatch(stdout, /Failed requests: +0\n/);
    assertEquals(/Non-2xx/.test(stdout), false, stdout);
    if (keepAlive.length > 0) assertMatch(stdout, /Keep-Alive requests: +1000\n/);
    assertEquals((await scenario.listenerStatus()).requests, 1000);
  });
}

peerTest("wrk: no socket errors and no answer but 200", ["wrk", "nginx"], async (paths) => {
  await using nginx = await NginxSite.start(paths.nginx, { "index.html": "x".repeat(2000) });
  await using scenario = await startHttp({ backends: [nginx.address], workers: 2 });

  const url = `http://${scenario.address}/`;
  const report = await runWrk(paths.wrk, ["-t1", "-c100", "-d2s", "--timeout", "10s", url]);

  assertEquals([report.socketErrors, report.badAnswers], [0, 0]);
  assertGreater(report.requests, 1000);
});

peerTest("NGINX behind Weir: files, ranges, 304, gzip, HEAD", ["nginx", "curl"], async (paths) => {
  const text = "0123456789".repeat(10_000);
  await using nginx = await NginxSite.start(paths.nginx, { "file.txt": text });
  await using scenario = await startHttp({ backends: [nginx.address] });
  const url = `http://${scenario.address}/file.txt`;
  const curl = async (...args: string[]) => {
    const argv = [paths.curl, "--silent", "--show-error", ...args];
    return (await runToEnd({ name: "curl", argv })).stdout;
  };

  assertEquals(await curl(url) === text, true);
  assertEquals(await curl("--compressed", url) === text, true);
  assertEquals(await curl("--range", "5-14", url), "5678901234");
  const head = await curl("--head", url);
  assertMatch(head, /^HTTP\/1\.1 200 OK\r\n/);
  assertMatch(head, /\r\nContent-Length: 100000\r\n/i);
  const tag = /\r\nETag: (.*)\r\n/i.exec(head)?.[1] ?? "";
  const code = ["--output", "/dev/null", "--write-out", "%{http_code} %{size_download}"];
  assertEquals(await curl(...code, "-H", `If-None-Match: ${tag}`, url), "304 0");
  assertEquals(await curl(...code, `${url}.no`), await curl(...code, `http://${nginx.address}/no`));
  const echo = `http://${scenario.address}/echo`;
  assertEquals(await curl("--data", "abc", echo), "POST:application/x-www-form-urlencoded:3");
});

peerTest(
  "NGINX behind Weir takes requests of HTTP/1.0 without a Host",
  ["nginx"],
  async (paths) => {
    await using nginx = await NginxSite.start(paths.nginx, { "index.html": "hello" });
    await using scenario = await startHttp({ backends: [nginx.address] });

    const answer = await askOnce(scenario.address, headOf("GET / HTTP/1.0"));

    // NGINX answers an empty Host with 400.
    assertEquals([statusOf(answer), answer.body], [200, "hello"]);
  },
);

peerTest("python3 -m http.server behind Weir: HTTP/1.0, a connection for each answer", [
  "python3",
  "curl",
], async ({ python3, curl }) => {
  await using one = await PythonServer.start(python3, "one");
  await using two = await PythonServer.start(python3, "two");
  await using scenario = await startHttp({ backends: [one.address, two.address] });

  const { code, stdout, stderr } = await runToEnd({
    name: "curl",
    argv: [curl, "--silent", "--show-error", "--fail", `http://${scenario.address}/name?[1-20]`],
  });

  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout.trim().split("\n").sort(), [
    ...Array.from({ length: 10 }, () => "one"),
    ...Array.from({ length: 10 }, () => "two"),
  ]);
  // The client's one connection outlives the twenty to the backends.
  assertEquals((await scenario.listenerStatus()).accepted, 1);
});

Deno.test("node:http on both sides, with a keep-alive agent", async () => {
  const hostname = randomLoopback();
  const server = createServer((incoming, outgoing) => {
    // Neither side names a length: both bodies are chunked.
    incoming.pipe(outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, hostname, resolve));
  const { port } = server.address() as { port: number };
  await using scenario = await startHttp({ backends: [`${hostname}:${port}`], workers: 2 });
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });

  const bodies = Array.from({ length: 100 }, (_, i) => `${i}:`.repeat(i * 10));
  const answers = bodies.map((body) => post(`http://${scenario.address}/`, agent, body));
  const received = await within("the answers", Promise.all(answers));
  agent.destroy();

  assertEquals(received, bodies);
  assertEquals((await scenario.listenerStatus()).accepted, 4);
  assertGreater((await scenario.backendStatus())[0]?.reuses ?? 0, 50);
  await scenario.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

Deno.test("fetch of Deno: JSON there and back", async () => {
  await using backend = new HttpBackend(({ request }) =>
    answerOf(200, request.body, "Content-Type: application/json")
  );
  await using scenario = await startHttp({ backends: [backend.address] });
  using client = Deno.createHttpClient({});

  const signal = AbortSignal.timeout(10_000);
  const body = JSON.stringify({ key: "value" });
  const init = { client, signal, method: "POST", body };
  const response = await fetch(`http://${scenario.address}/`, init);

  assertEquals(await response.json(), { key: "value" });
});

function post(url: string, agent: Agent, body: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const request = httpRequest(url, { method: "POST", agent }, (response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (piece: string) => text += piece);
    response.on("end", () => resolve(text));
    response.on("error", reject);
  });
  request.on("error", reject);
  request.write(body.slice(0, 10));
  request.end(body.slice(10));
  return promise;
}
