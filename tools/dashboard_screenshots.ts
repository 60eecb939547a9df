/**
 * Makes the pictures of the dashboard in the README, out of the real page over made-up traffic:
 * `deno task dashboard:screenshots`. Needs Chromium.
 */
import { fasterPage, MadeUpWeir } from "../tests/admin/dashboard/made_up_weir.ts";
import { Chromium, type PageOptions } from "../tests/support/chromium.ts";
import { findProgram } from "../tests/support/peers.ts";
import { print, printError } from "./print.ts";

const SPEED = 20;
/** Time of the page in which the charts fill. */
const SHOWN_S = 310;
const DOCS = new URL("../docs/", import.meta.url);

const PICTURES: Readonly<Record<string, PageOptions>> = {
  "dashboard.png": { width: 1280, height: 1640 },
  "dashboard-dark.png": { width: 1280, height: 1640, isDark: true },
  "dashboard-phone.png": { width: 360, height: 800, isPhone: true },
  "dashboard-phone-backends.png": { width: 360, height: 800, isPhone: true },
};

async function takePictures(program: string): Promise<void> {
  await using chromium = await Chromium.start(program);
  // One after the other: a page that nobody sees is informed less often.
  for (const [name, options] of Object.entries(PICTURES)) {
    await using weir = new MadeUpWeir({ speed: SPEED });
    const page = await chromium.newPage({ ...options, before: fasterPage(SPEED) });
    await page.show();
    await page.open(`${weir.url}/`);
    await new Promise((resolve) => setTimeout(resolve, SHOWN_S * 1000 / SPEED));
    if (name.includes("backends")) await page.evaluate("location.hash = 'backends'");
    await page.show();
    const picture = await page.screenshot();
    await Deno.writeFile(new URL(name, DOCS), picture);
    print(`Wrote docs/${name}, ${Math.round(picture.length / 1024)} KiB`);
    await page.close();
  }
}

const program = findProgram("chromium");
if (program === undefined) {
  printError("Cannot take pictures: Chromium is missing (Debian's package `chromium`)");
  Deno.exit(1);
}
await takePictures(program);
