import { assertEquals } from "@std/assert";
import { MadeUpWeir } from "../admin/dashboard/made_up_weir.ts";
import { Chromium } from "../support/chromium.ts";
import { peerTest } from "../support/peers.ts";
import { eventually } from "../support/wait.ts";

/** More than the six connections that a browser has to one address. */
const PAGES = 8;
const IS_LIVE = `document.getElementById("contact").textContent === "live"`;

peerTest(
  "many pages of the dashboard in one browser do not starve",
  ["chromium"],
  async (paths) => {
    await using weir = new MadeUpWeir();
    await using browser = await Chromium.start(paths.chromium);
    const first = await browser.newPage();
    await first.open(`${weir.url}/`);
    await first.until("the stream to be heard", IS_LIVE);

    for (let pages = 1; pages < PAGES; pages++) {
      const page = await browser.newPage();
      await page.show();
      await page.open(`${weir.url}/`);
      await page.until("the stream to be heard", IS_LIVE);
    }

    await first.until(
      "asking, behind the others",
      `document.hidden &&
    document.getElementById("contact").textContent === "polling"`,
    );
    await first.show();
    await first.until("the stream to be heard again", IS_LIVE);
    await eventually("one stream, that of the page in front", () => {
      assertEquals(weir.listeners, 1);
    });
  },
);
