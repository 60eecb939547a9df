import { assertEquals } from "@std/assert";
import { MadeUpWeir } from "../admin/dashboard/made_up_weir.ts";
import { TOKEN } from "../admin/support.ts";
import { Chromium } from "../support/chromium.ts";
import { peerTest } from "../support/peers.ts";

const IS_ASKED =
  `!document.getElementById("login").hidden && document.getElementById("board").hidden`;

peerTest("the dashboard asks for the token where one is needed", ["chromium"], async (paths) => {
  await using weir = new MadeUpWeir({ token: TOKEN });
  await using browser = await Chromium.start(paths.chromium);
  const page = await browser.newPage();
  await page.open(`${weir.url}/`);
  await page.until("the question for the token", IS_ASKED);
  assertEquals(await page.evaluate("document.activeElement.id"), "token");

  await page.type("a wrong token, long enough");
  await page.press("Enter");
  await page.until(
    "the refusal",
    `document.getElementById("login-problem").textContent === "Token is wrong"`,
  );
  // What was typed is selected: typing replaces it.
  await page.type(TOKEN);
  await page.press("Enter");
  await page.until("backends", `document.querySelectorAll("#table tbody tr").length === 10`);
  assertEquals(await page.evaluate(`document.getElementById("token").value`), "");
  assertEquals(await page.evaluate("document.cookie"), "");

  await page.open(`${weir.url}/?again`);
  await page.until("backends", `document.querySelectorAll("#table tbody tr").length === 10`);
  await page.click("#logout");
  await page.until("the question for the token", IS_ASKED);
  await page.open(`${weir.url}/`);
  await page.until("the question for the token", IS_ASKED);
});
