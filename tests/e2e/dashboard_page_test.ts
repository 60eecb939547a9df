import { assert, assertEquals, assertLess } from "@std/assert";
import { MadeUpWeir } from "../admin/dashboard/made_up_weir.ts";
import { type BrowserPage, Chromium } from "../support/chromium.ts";
import { peerTest } from "../support/peers.ts";

/** True once every chart has drawn something in the colour of a line, not only its grid. */
const CHARTS_DRAWN = `(() => {
  const charts = [...document.querySelectorAll("canvas")];
  return charts.length === 5 && charts.every((canvas) => {
    const { width, height } = canvas;
    const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, width, height);
    const coloured = (at) => data[at + 3] > 200 &&
      Math.max(data[at], data[at + 1], data[at + 2]) -
        Math.min(data[at], data[at + 1], data[at + 2]) > 60;
    for (let at = 0; at < data.length; at += 4) if (coloured(at)) return true;
    return false;
  });
})()`;
const TILE = `Number(document.querySelector(".tile .value").textContent)`;

peerTest(
  "the dashboard loads from its own address only, without a complaint of the browser, and draws",
  ["chromium"],
  async ({ chromium: program }, t) => {
    await using weir = new MadeUpWeir();
    await using chromium = await Chromium.start(program);
    const page = await chromium.newPage();
    await page.open(`${weir.url}/`);

    await page.until(
      "the stream to be heard",
      `document.getElementById("contact")
      .textContent === "live"`,
    );
    await page.until("all charts to be drawn", CHARTS_DRAWN);
    await page.until("requests to be counted", `${TILE} > 0`);
    await page.until(
      "latency to be told",
      `document.querySelectorAll(".tile .value")[1]
      .textContent > "1"`,
    );
    const paintMs = Number(
      await page.evaluate(
        `performance.getEntriesByName("first-contentful-paint")[0].startTime`,
      ),
    );

    // One second is meant; a machine that is busy with other tests gets five.
    await t.step(`first paint after ${Math.round(paintMs)} ms`, () => assertLess(paintMs, 5000));
    assertEquals(page.complaints, []);
    assertEquals(page.requests.filter((url) => !url.startsWith(`${weir.url}/`)), []);
  },
);

peerTest("the dashboard's numbers move with the traffic", ["chromium"], async ({ chromium }) => {
  await using weir = new MadeUpWeir();
  await using browser = await Chromium.start(chromium);
  const page = await browser.newPage();
  await page.open(`${weir.url}/`);
  await page.until("requests to be counted", `${TILE} > 0`);

  const before = await page.evaluate(TILE);

  await page.until("another number of requests", `${TILE} > 0 && ${TILE} !== ${before}`);
});

peerTest(
  "the dashboard asks for the status where no stream comes through",
  ["chromium"],
  async ({ chromium }) => {
    await using weir = new MadeUpWeir({ isMute: true });
    await using browser = await Chromium.start(chromium);
    const page = await browser.newPage();
    await page.open(`${weir.url}/`);

    await page.until("polling", `document.getElementById("contact").textContent === "polling"`);
    await page.until("requests to be counted", `${TILE} > 0`);
  },
);

peerTest(
  "the dashboard is light or dark as the system is, until somebody chooses",
  ["chromium"],
  async ({ chromium }) => {
    await using weir = new MadeUpWeir();
    await using browser = await Chromium.start(chromium);
    const page = await browser.newPage({ isDark: true });
    await page.open(`${weir.url}/`);
    const dark = await backgroundOf(page);
    await page.setDark(false);
    const light = await backgroundOf(page);
    assert(brightness(dark) < 60 && brightness(light) > 200, `${dark}, ${light}`);

    for (const [theme, colour] of [["light", light], ["dark", dark]] as const) {
      await page.click("#theme");

      assertEquals(
        await page.evaluate(`document.getElementById("theme").textContent`),
        `Theme: ${theme}`,
      );
      assertEquals(await backgroundOf(page), colour);
    }
    await page.open(`${weir.url}/?again`);
    assertEquals(await backgroundOf(page), dark);
  },
);

peerTest("the dashboard fits a phone of 360 pixels", ["chromium"], async ({ chromium }) => {
  await using weir = new MadeUpWeir();
  await using browser = await Chromium.start(chromium);
  const page = await browser.newPage({ width: 360, height: 640, isPhone: true });
  await page.open(`${weir.url}/`);
  await page.until("backends", `document.querySelectorAll("#table tbody tr").length === 10`);
  await page.until("all charts to be drawn", CHARTS_DRAWN);

  assertEquals(await page.evaluate("document.documentElement.scrollWidth"), 360);
  assertEquals(
    await page.evaluate(`[...document.querySelectorAll("#table button, #table input")]
      .filter((one) => one.getBoundingClientRect().right > 360).length`),
    0,
  );
});

async function backgroundOf(page: BrowserPage): Promise<string> {
  return String(await page.evaluate("getComputedStyle(document.documentElement).backgroundColor"));
}

function brightness(colour: string): number {
  const parts = [...colour.matchAll(/\d+/g)].map(Number);
  return Math.max(...parts.slice(0, 3));
}
