import { assertEquals } from "@std/assert";
import { MadeUpWeir } from "../admin/dashboard/made_up_weir.ts";
import { Chromium } from "../support/chromium.ts";
import { peerTest } from "../support/peers.ts";

peerTest("the dashboard can be used with the keyboard alone", ["chromium"], async (paths) => {
  await using weir = new MadeUpWeir();
  await using browser = await Chromium.start(paths.chromium);
  const page = await browser.newPage();
  await page.open(`${weir.url}/`);
  await page.until("backends", `document.querySelectorAll("#table tbody tr").length === 10`);

  // The first thing that has the focus leads past everything that is before the backends.
  await page.press("Tab");
  assertEquals(await page.evaluate("document.activeElement.className"), "skip");
  await page.press("Enter");
  assertEquals(await page.evaluate("document.activeElement.id"), "backends");
  await page.press("Tab");
  assertEquals(await page.evaluate("document.activeElement.id"), "filter");
  await page.type("web-2");
  await page.until("one backend", `document.querySelectorAll("#table tbody tr").length === 1`);
  for (let tabs = 0; tabs < 8 + 1; tabs++) await page.press("Tab");
  assertEquals(
    await page.evaluate(`document.activeElement.getAttribute("aria-label")`),
    "Weight of web/web-2",
  );
  const outline = `getComputedStyle(document.activeElement).outlineStyle`;
  assertEquals(await page.evaluate(outline), "solid");

  // Ready, then drain; the window that asks has the focus on what does no harm.
  const focus = (text: string) =>
    page.until(
      `focus on ${text}`,
      `document.activeElement.textContent === "${text}" &&
      document.getElementById("confirm").open === ${text !== "Drain"}`,
    );
  await page.press("Tab");
  await page.press("Tab");
  await page.press("Enter");
  await focus("Cancel");
  await page.press("Escape");
  await focus("Drain");
  await page.press("Enter");
  await focus("Cancel");
  await page.press("Tab");
  await page.until("focus on yes", `document.activeElement.id === "confirm-yes"`);
  await page.press("Enter");

  await page.until(
    "the change to be read out",
    `document.getElementById("announcer").textContent.startsWith("web/web-2 is set to drain")`,
  );
  await page.until(
    "the state",
    `document.querySelector("#table tbody .pill").textContent === "drain"`,
  );
  // The line was brought up to date, and the focus is where it was.
  await focus("Drain");
});
