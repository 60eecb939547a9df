import { assertEquals } from "@std/assert";
import { MadeUpWeir } from "../admin/dashboard/made_up_weir.ts";
import { Chromium } from "../support/chromium.ts";
import { peerTest } from "../support/peers.ts";

const ADDRESS = "<b>10.0.0.1</b>";
const HOSTILE = "<img src=x onerror=alert(1)>";

peerTest("the dashboard shows names as text, whatever they are", ["chromium"], async (paths) => {
  const names = [HOSTILE, "</script><script>alert(1)</script>", '" onclick="alert(1)', "../%2e/?#"];
  await using weir = new MadeUpWeir({
    upstreams: [{
      name: HOSTILE,
      algorithm: HOSTILE,
      rate: 100,
      backends: names.map((id) => ({ id, address: ADDRESS, weight: 1 })),
    }],
  });
  await using browser = await Chromium.start(paths.chromium);
  const page = await browser.newPage({ before: "globalThis.alert = () => globalThis.hurt = true" });
  await page.open(`${weir.url}/`);
  await page.until("backends", `document.querySelectorAll("#table tbody tr").length === 4`);
  await page.until(
    "a legend",
    `document.querySelectorAll(".legend .label")[12]
    .textContent.includes("onerror")`,
  );

  // The name goes into the path of a request as well, and comes back in an event.
  for (const [at, name] of names.entries()) {
    await page.click(`#table tbody tr:nth-child(${at + 1}) .segments button:nth-child(2)`);
    await page.click("#confirm-yes");
    await page.until(
      `the event of ${name}`,
      `[...document.querySelectorAll("#events li")].some(({ textContent }) =>
        textContent.includes(${JSON.stringify(`${HOSTILE}/${name} is set to drain`)}))`,
    );
  }

  const shown = await page.evaluate(`[...document.querySelectorAll("#table tbody th")]
    .map(({ textContent }) => textContent)`);
  assertEquals(shown, names.map((name) => `${HOSTILE}/${name}  ${ADDRESS}`));
  assertEquals(await page.evaluate(`document.querySelectorAll("img").length`), 1);
  assertEquals(await page.evaluate("globalThis.hurt"), undefined);
  assertEquals(page.complaints, []);
});
