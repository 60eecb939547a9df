import { assert, assertEquals } from "@std/assert";
import { Chromium } from "../support/chromium.ts";
import { HttpBackend } from "../support/http_backend.ts";
import { askOnce } from "../support/http_client.ts";
import { peerTest } from "../support/peers.ts";
import { Scenario } from "../support/scenario.ts";
import { eventually } from "../support/wait.ts";

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const REQUEST = "GET / HTTP/1.1\r\nhost: a.example\r\nconnection: close\r\n\r\n";

peerTest("a click on the dashboard drains a backend, and another brings it back", [
  "chromium",
], async (paths) => {
  await using one = new HttpBackend(() => OK);
  await using two = new HttpBackend(() => OK);
  await using scenario = await Scenario.start({
    backends: [{ name: "one", address: one.address }, { name: "two", address: two.address }],
    listener: { protocol: "http" },
  });
  await using browser = await Chromium.start(paths.chromium);
  const page = await browser.newPage();
  await page.open(`http://${scenario.admin}/`);
  await page.until("backends", `document.querySelectorAll("#table tbody tr").length === 2`);
  const send = async () => {
    for (let turn = 0; turn < 10; turn++) await askOnce(scenario.address, REQUEST);
  };
  await send();
  await page.until("the work", `document.querySelector("#listeners").textContent.includes("10")`);
  const press = (state: number) =>
    page.click(`[data-key="app/one"] .segments button:nth-child(${state})`);
  const shows = (word: string) =>
    page.until(
      word,
      `document.querySelector('[data-key="app/one"] .pill').textContent === "${word}"`,
    );

  await press(2);
  await page.click("#confirm-yes");
  await shows("drain");
  const before = one.requests.length;
  await send();

  assertEquals(one.requests.length, before);
  assertEquals((await scenario.backendStatus()).map(({ state }) => state), ["drain", "ready"]);

  await press(1);
  await shows("up");
  await eventually("work for the backend that is back", async () => {
    await send();
    assert(one.requests.length > before);
  });

  await page.click(`[data-key="app/one"] input`);
  await page.evaluate("document.activeElement.select()");
  await page.type("7");
  await page.press("Enter");
  await eventually("the weight", async () => {
    assertEquals((await scenario.backendStatus()).map(({ weight }) => weight), [7, 1]);
  });
});
