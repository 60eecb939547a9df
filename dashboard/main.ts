import { ApiError, changeBackend, login, logout, readStatus } from "./api.ts";
import { type Change, doneText, questionFor } from "./changes.ts";
import { startCharts } from "./charts.ts";
import { Confirmation } from "./confirm.ts";
import { byId, setPill, setText } from "./dom.ts";
import { type Contact, Feed } from "./feed.ts";
import { formatAge } from "./format.ts";
import { Happenings } from "./happenings.ts";
import { recall, remember } from "./memory.ts";
import { Model } from "./model.ts";
import { startOverview } from "./overview.ts";
import { backendRows } from "./rows.ts";
import type { StatusLook } from "./status.ts";
import { BackendTable } from "./table.ts";
import { startTheme } from "./theme.ts";
import { startTiles } from "./tiles.ts";

const CONTACTS: Readonly<Record<Contact, { word: string; tone: string }>> = {
  live: { word: "live", tone: "good" },
  polling: { word: "polling", tone: "warn" },
  lost: { word: "no contact", tone: "bad" },
};

/** Whether there is a cookie to give back, which a script cannot see. */
const SIGNED_IN = "signed-in";

const model = new Model();
const showTiles = startTiles();
const showOverview = startOverview();
const charts = startCharts();
const table = new BackendTable({ change });
const confirmation = new Confirmation();
const happenings = new Happenings(announce);
const feed = new Feed({
  onStatus: takeStatus,
  onMetrics: (page) => model.takeMetrics(page, Date.now()),
  onEvent: (event) => happenings.add(event),
  onContact: (contact) => setPill(byId("contact", HTMLElement), CONTACTS[contact]),
  onLocked: showLogin,
});

startTheme(byId("theme", HTMLElement), () => charts.recolour());
startLogin();
document.addEventListener("visibilitychange", followSight);
showBoard();

function takeStatus(status: StatusLook): void {
  model.takeStatus(status, Date.now());
  happenings.look(status);
  draw();
}

/** A page that nobody sees goes on collecting, and draws when it is looked at again. */
function followSight(): void {
  if (document.hidden) return feed.rest();
  feed.resume();
  draw();
}

function draw(): void {
  const { status, metrics } = model;
  if (document.hidden || status === undefined) return;
  const { version, ready, workers, workerRestarts } = status;
  const isReady = ready ? { word: "ready", tone: "good" } : { word: "not ready", tone: "bad" };
  const pill = byId("ready", HTMLElement);
  pill.hidden = false;
  setPill(pill, isReady);
  const facts = [`version ${version}`, `${workers} thread${workers === 1 ? "" : "s"}`];
  if (workerRestarts > 0) facts.push(`${workerRestarts} replaced`);
  const { startMs } = metrics ?? {};
  if (startMs !== undefined) facts.push(`up ${formatAge(Date.now() - startMs)}`);
  setText(byId("facts", HTMLElement), facts.join(" · "));
  showTiles(model);
  charts.show(model);
  showOverview(model);
  table.take(backendRows(model), performance.now());
}

async function change(wanted: Change): Promise<void> {
  const { upstream, backend, state, weight } = wanted;
  const question = model.status && questionFor(wanted, model.status);
  if (question !== undefined && !await confirmation.ask(question)) return;
  try {
    const patch = { ...(state && { state }), ...(weight === undefined ? {} : { weight }) };
    await changeBackend(upstream, backend, patch);
    complain("");
    announce(doneText(wanted));
    takeStatus(await readStatus());
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return lock();
    complain(`Cannot change ${upstream}/${backend}: ${messageOf(error)}`);
  }
}

function lock(): void {
  feed.stop();
  showLogin();
}

function showLogin(): void {
  setPill(byId("contact", HTMLElement), { word: "signed out", tone: "off" });
  byId("board", HTMLElement).hidden = true;
  byId("logout", HTMLElement).hidden = true;
  byId("login", HTMLElement).hidden = false;
  byId("token", HTMLInputElement).focus();
}

function startLogin(): void {
  const problem = byId("login-problem", HTMLElement);
  const token = byId("token", HTMLInputElement);
  byId("login-form", HTMLFormElement).addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await login(token.value);
    } catch (error) {
      setText(problem, messageOf(error));
      token.select();
      return;
    }
    token.value = "";
    setText(problem, "");
    remember(SIGNED_IN, "yes");
    showBoard();
  });
  byId("logout", HTMLElement).addEventListener("click", async () => {
    try {
      await logout();
    } catch (error) {
      return complain(`Cannot sign out: ${messageOf(error)}`);
    }
    remember(SIGNED_IN, undefined);
    lock();
  });
}

function showBoard(): void {
  byId("login", HTMLElement).hidden = true;
  byId("board", HTMLElement).hidden = false;
  byId("logout", HTMLElement).hidden = recall(SIGNED_IN) === undefined;
  feed.start();
  followSight();
}

/** Reads something out to those who do not see it. */
function announce(text: string): void {
  setText(byId("announcer", HTMLElement), text);
}

/** Says what went wrong, until something goes right. */
function complain(text: string): void {
  const notice = byId("alert", HTMLElement);
  notice.hidden = text === "";
  setText(notice, text);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
