import { assertEquals, assertGreater } from "@std/assert";
import { accessLines } from "../support/access_file.ts";
import { HttpBackend } from "../support/http_backend.ts";
import { HttpClient } from "../support/http_client.ts";
import { startHttp } from "../support/http_scenario.ts";
import { TempFolder } from "../support/paths.ts";
import { runToEnd } from "../support/process.ts";
import type { Scenario } from "../support/scenario.ts";
import { eventually } from "../support/wait.ts";

function answering(): HttpBackend {
  return new HttpBackend(() => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

/** Asks so many times on one connection; every answer has to come, and be right. */
async function askAll(scenario: Scenario, count: number, fields = ""): Promise<void> {
  using client = await HttpClient.connect(scenario.address);
  for (let i = 0; i < count; i++) {
    const { line } = await client.ask(`GET /${i} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`);
    assertEquals(line, "HTTP/1.1 200 OK");
  }
}

function lost(scenario: Scenario): Promise<{ dropped: number; failed: number }> {
  return scenario.status().then(({ accessLog }) => accessLog ?? { dropped: 0, failed: 0 });
}

Deno.test("a full disk under the access log harms no traffic, and is told and counted", async () => {
  await using backend = answering();
  await using scenario = await startHttp({
    backends: [backend.address],
    top: { access_log: { file: "/dev/full" } },
    // Deno opens nothing below /dev without it.
    launch: { denoFlags: ["--no-prompt", "--allow-all"] },
  });

  await askAll(scenario, 50);

  await eventually("50 lost lines", async () => {
    assertEquals(await lost(scenario), { dropped: 0, failed: 50 });
  });
  await scenario.waitForLog(/Access log cannot be written file=\/dev\/full error=.*No space left/);
});

Deno.test("a standard output that nobody reads any more harms no traffic", async () => {
  await using backend = answering();
  await using scenario = await startHttp({
    backends: [backend.address],
    top: { access_log: {} },
    // The three lines that say what it serves, and nothing after them.
    launch: { prefix: ["bash", "-c", 'exec "$@" > >(head -n 3)', "bash"] },
  });

  await askAll(scenario, 50);

  await scenario.waitForLog(/Access log cannot be written file="standard output" error=.*pipe/i);
  await askAll(scenario, 50);
  await eventually("100 lost lines", async () => {
    assertEquals(await lost(scenario), { dropped: 0, failed: 100 });
  });
});

Deno.test("a reader that stops reading costs lines, which are counted, and no traffic", async () => {
  await using folder = await TempFolder.create();
  await using backend = answering();
  const file = `${folder.path}/pipe`;
  await runToEnd({ name: "mkfifo", argv: ["mkfifo", file] });
  // Both ends, or opening it would wait for the other.
  using _reader = await Deno.open(file, { read: true, write: true });
  await using scenario = await startHttp({
    backends: [backend.address],
    top: { access_log: { file } },
  });
  // A line of some six kilobytes, as four values of that many escaped bytes make it.
  const huge = `User-Agent: ${"\xff".repeat(1000)}\r\nReferer: ${"\xff".repeat(1000)}\r\n`;

  await eventually("dropped lines", async () => {
    await askAll(scenario, 100, huge);
    assertGreater((await lost(scenario)).dropped, 0);
  });

  const { dropped, failed } = await lost(scenario);
  assertEquals(failed, 0);
  assertGreater(dropped, 0);
  await askAll(scenario, 10);
  scenario.weir.signal("SIGTERM");
  assertEquals((await scenario.weir.finished()).code, 0);
});

Deno.test("a rotation under traffic loses no line", async () => {
  await using folder = await TempFolder.create();
  await using backend = answering();
  const file = `${folder.path}/access.log`;
  await using scenario = await startHttp({
    backends: [backend.address],
    workers: 2,
    top: { access_log: { file } },
  });
  let isOver = false;
  let asked = 0;
  const traffic = Promise.all([0, 1, 2, 3].map(async () => {
    while (!isOver) {
      await askAll(scenario, 20);
      asked += 20;
    }
  }));

  const moved: string[] = [];
  for (let turn = 0; turn < 5; turn++) {
    await eventually("lines to rotate", async () => {
      assertGreater((await Deno.readTextFile(file)).length, 0);
    });
    const old = `${file}.${turn}`;
    await Deno.rename(file, old);
    scenario.weir.signal("SIGUSR2");
    await eventually("the new file", () => Deno.stat(file));
    moved.push(old);
  }
  isOver = true;
  await traffic;

  await eventually("every line", async () => {
    const lines = await Promise.all([...moved, file].map((path) => accessLines(path)));
    assertEquals(lines.flat().length, asked);
  });
  assertEquals(await lost(scenario), { dropped: 0, failed: 0 });
});
