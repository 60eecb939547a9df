import { assert, assertEquals, assertMatch } from "@std/assert";
import { awaitLines } from "../support/access_file.ts";
import { HttpBackend } from "../support/http_backend.ts";
import { askOnce } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { TempFolder } from "../support/paths.ts";

function answering(): HttpBackend {
  return new HttpBackend(() => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

function request(target: string, fields = ""): string {
  return `GET ${target} HTTP/1.1\r\nHost: x\r\n${fields}Connection: close\r\n\r\n`;
}

Deno.test("requests are logged as JSON, one object a line, whatever they hold", async () => {
  await using folder = await TempFolder.create();
  await using backend = answering();
  const file = `${folder.path}/access.log`;
  await using scenario = await startHttp({
    backends: [backend.address],
    top: { access_log: { file } },
  });

  await askOnce(scenario.address, request("/first", 'User-Agent: a"b\\c\xff\r\n'));
  await askOnce(scenario.address, request(`/${"x".repeat(4000)}`, "Referer: \xc3\xa9\r\n"));
  await askOnce(scenario.address, "nonsense\r\n\r\n");

  const lines = await awaitLines(file, 3);
  assertEquals(lines.map(({ status }) => status), [200, 200, 400]);
  assertEquals(lines[0]!["target"], "/first");
  assertEquals(lines[1]!["referer"], "é");
  assertMatch(String(lines[1]!["target"]), /^\/x{1023}\.\.\.$/);
  assertEquals(lines[2]!["reason"], "bad_request");
  assertMatch(await Deno.readTextFile(file), /^[ -~\n]+$/);
});

Deno.test("the access log goes to standard output, also in the Combined format", async () => {
  await using backend = answering();
  await using scenario = await startHttp({
    backends: [backend.address],
    top: { access_log: { format: "combined" } },
  });

  await askOnce(scenario.address, request('/a?"', "User-Agent: test\r\n"));

  await scenario.weir.printed(
    "stdout",
    /^127\.0\.0\.1 - - \[\S+ \+0000\] "GET \/a\?\\x22 HTTP\/1\.1" 200 2 "-" "test"$/m,
  );
});

Deno.test("a reload turns the access log on, elsewhere, and off again", async () => {
  await using folder = await TempFolder.create();
  await using backend = answering();
  await using scenario = await startHttp({ backends: [backend.address] });
  const config = await scenario.config();
  const [first, second] = [`${folder.path}/first.log`, `${folder.path}/second.log`];
  const ask = (target: string) => askOnce(scenario.address, request(target));

  await ask("/before");
  await scenario.reload({ ...config, access_log: { file: first } });
  await ask("/one");
  await awaitLines(first, 1);
  await scenario.reload({ ...config, access_log: { file: second } });
  await ask("/two");
  const refused = await scenario.reload({ ...config, access_log: { file: `${folder.path}/no/x` } });
  await ask("/three");
  await awaitLines(second, 2);
  await scenario.reload(config);
  await ask("/after");

  assert(refused.problems !== undefined);
  scenario.weir.signal("SIGTERM");
  await scenario.weir.finished();
  assertEquals((await awaitLines(first, 1)).map(({ target }) => target), ["/one"]);
  assertEquals((await awaitLines(second, 2)).map(({ target }) => target), ["/two", "/three"]);
});

Deno.test("what was logged last is there when Weir has stopped", async () => {
  await using folder = await TempFolder.create();
  await using backend = answering();
  const file = `${folder.path}/access.log`;
  await using scenario = await startHttp({
    backends: [backend.address],
    top: { access_log: { file } },
  });
  for (let i = 0; i < 20; i++) await askOnce(scenario.address, request(`/${i}`));

  scenario.weir.signal("SIGTERM");
  await scenario.weir.finished();

  assertEquals((await awaitLines(file, 20)).length, 20);
});
