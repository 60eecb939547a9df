import { assertEquals, assertLess } from "@std/assert";
import { manyBackends } from "../admin/dashboard/made_up_traffic.ts";
import { MadeUpWeir } from "../admin/dashboard/made_up_weir.ts";
import { Chromium } from "../support/chromium.ts";
import { peerTest } from "../support/peers.ts";

peerTest("the dashboard stays quick with 1,000 backends", ["chromium"], async (paths, t) => {
  await using weir = new MadeUpWeir({ upstreams: [manyBackends(1000)] });
  await using browser = await Chromium.start(paths.chromium);
  const page = await browser.newPage({
    // How long the page's own work for each status takes, from the message on.
    before: `(() => {
      globalThis.tookMs = [];
      const listen = EventSource.prototype.addEventListener;
      EventSource.prototype.addEventListener = function (type, run) {
        listen.call(this, type, (event) => {
          const start = performance.now();
          run(event);
          if (type === "stats") tookMs.push(performance.now() - start);
        });
      };
    })();`,
  });
  await page.open(`${weir.url}/`);
  await page.until("eight looks", "tookMs.length >= 8");

  assertEquals(await page.evaluate(`document.querySelectorAll("#table tbody tr").length`), 50);
  assertEquals(await page.evaluate(`document.getElementById("found").textContent`), "1000");
  const tookMs = Number(await page.evaluate("tookMs.toSorted((a, b) => a - b)[4]"));
  // Of each second; some ten are usual.
  await t.step(`a look takes ${Math.round(tookMs)} ms`, () => assertLess(tookMs, 250));

  await page.click("#next");
  await page.until(
    "the next page",
    `document.getElementById("page").textContent === "Page 2 of 20"`,
  );
  await page.click("#filter");
  await page.type("web-1000");
  await page.until("one backend", `document.querySelectorAll("#table tbody tr").length === 1`);
  await page.evaluate(`document.getElementById("filter").value = ""`);
  await page.click("#table thead th:nth-child(5) button");
  assertEquals(
    await page.evaluate(`document.querySelector("[aria-sort=descending]").textContent`),
    "Weight",
  );
});
