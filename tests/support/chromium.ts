import { assert } from "@std/assert";
import { Devtools, type DevtoolsEvent, type Fields } from "./devtools.ts";
import { TempFolder } from "./paths.ts";
import { ChildProcess } from "./process.ts";
import { eventually } from "./wait.ts";

/** Without a network but the loopback, and without anything that a browser does by itself. */
const FLAGS: readonly string[] = [
  "--headless=new",
  // The tests may run as root, and load nothing but the page under test.
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-extensions",
  "--disable-sync",
  "--hide-scrollbars",
  "--no-first-run",
  "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.*",
  "--remote-debugging-port=0",
];

/** A real browser without a window. */
export class Chromium implements AsyncDisposable {
  readonly #devtools: Devtools;
  readonly #stack: AsyncDisposableStack;
  readonly #pages: Map<string, BrowserPage>;

  private constructor(
    devtools: Devtools,
    pages: Map<string, BrowserPage>,
    stack: AsyncDisposableStack,
  ) {
    this.#devtools = devtools;
    this.#pages = pages;
    this.#stack = stack;
  }

  /** @param path of the program */
  static async start(path: string): Promise<Chromium> {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await TempFolder.create());
    const argv = [path, ...FLAGS, `--user-data-dir=${folder.path}/profile`, "about:blank"];
    const child = stack.use(new ChildProcess({ name: "chromium", argv }));
    const [, url = ""] = await child.printed("stderr", /DevTools listening on (ws:\S+)/);
    const pages = new Map<string, BrowserPage>();
    const devtools = stack.use(
      await Devtools.connect(url, (event) => pages.get(event.sessionId ?? "")?.take(event)),
    );
    stack.defer(async () => {
      // Asked to, it ends its own processes as well.
      await devtools.send("Browser.close");
      await child.finished();
    });
    return new Chromium(devtools, pages, stack.move());
  }

  /** An empty page that notes all that happens in it. */
  async newPage(options: PageOptions = {}): Promise<BrowserPage> {
    const { targetId } = await this.#devtools.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.#devtools.send("Target.attachToTarget", {
      targetId,
      flatten: true,
    });
    const page = new BrowserPage((method, params) => {
      return this.#devtools.send(method, params, String(sessionId));
    });
    this.#pages.set(String(sessionId), page);
    await page.prepare(options);
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }
}

/** How a page is looked at. */
export interface PageOptions {
  /** In CSS pixels. */
  readonly width?: number;
  readonly height?: number;
  readonly isPhone?: boolean;
  readonly isDark?: boolean;
  /** Runs before any script of the page. */
  readonly before?: string;
}

/** One page of the browser. */
export class BrowserPage {
  /** URLs of all requests. */
  readonly requests: string[] = [];
  /** What the page's console shows as an error or a warning; violations of its policy too. */
  readonly complaints: string[] = [];
  readonly #send: (method: string, params?: Fields) => Promise<Fields>;

  constructor(send: (method: string, params?: Fields) => Promise<Fields>) {
    this.#send = send;
  }

  async prepare(
    { width = 1280, height = 900, isPhone = false, isDark = false, before }: PageOptions,
  ): Promise<void> {
    for (const domain of ["Page", "Runtime", "Log", "Network"]) {
      await this.#send(`${domain}.enable`);
    }
    const size = { width, height, deviceScaleFactor: 1, mobile: isPhone };
    await this.#send("Emulation.setDeviceMetricsOverride", size);
    await this.setDark(isDark);
    if (before === undefined) return;
    await this.#send("Page.addScriptToEvaluateOnNewDocument", { source: before });
  }

  /** Brings it before the other pages of the browser, which do not draw then. */
  async show(): Promise<void> {
    await this.#send("Page.bringToFront");
    await this.evaluate("new Promise((resolve) => requestAnimationFrame(() => resolve(1)))");
  }

  async setDark(isDark: boolean): Promise<void> {
    const features = [{ name: "prefers-color-scheme", value: isDark ? "dark" : "light" }];
    await this.#send("Emulation.setEmulatedMedia", { features });
  }

  /** Loads a page, to its end. */
  async open(url: string): Promise<void> {
    await this.#send("Page.navigate", { url });
    await this.until(
      `${url} to be loaded`,
      `document.readyState === "complete" &&
      location.href.startsWith(${JSON.stringify(url)})`,
    );
  }

  /** Value of an expression, which may be a promise, in the page. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.#send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
      userGesture: true,
    });
    if (exceptionDetails !== undefined) {
      throw new Error(`Cannot evaluate ${expression}: ${JSON.stringify(exceptionDetails)}`);
    }
    return (result as Fields)["value"];
  }

  /** Waits until an expression is true. */
  async until(what: string, expression: string): Promise<void> {
    await eventually(what, async () => assert(await this.evaluate(expression)));
  }

  /** Clicks in the middle of the element, as a mouse does. */
  async click(selector: string): Promise<void> {
    const place = await this.evaluate(`(() => {
      const found = document.querySelector(${JSON.stringify(selector)});
      found.scrollIntoView({ block: "center", behavior: "instant" });
      const { x, y, width, height } = found.getBoundingClientRect();
      return { x: x + width / 2, y: y + height / 2 };
    })()`) as Fields;
    const common = { ...place, button: "left", clickCount: 1 };
    await this.#send("Input.dispatchMouseEvent", { ...common, type: "mousePressed" });
    await this.#send("Input.dispatchMouseEvent", { ...common, type: "mouseReleased" });
  }

  /** Presses a key that is no letter: `Tab`, `Enter`, `Escape`. */
  async press(key: "Tab" | "Enter" | "Escape"): Promise<void> {
    const code = { Tab: 9, Enter: 13, Escape: 27 }[key];
    const common = { key, code: key, windowsVirtualKeyCode: code };
    const text = key === "Enter" ? { text: "\r" } : {};
    await this.#send("Input.dispatchKeyEvent", { ...common, ...text, type: "keyDown" });
    await this.#send("Input.dispatchKeyEvent", { ...common, type: "keyUp" });
  }

  /** Types where the focus is. */
  async type(text: string): Promise<void> {
    await this.#send("Input.insertText", { text });
  }

  /** A picture of what is in sight, or of the whole page, as PNG. */
  async screenshot(isWhole = false): Promise<Uint8Array<ArrayBuffer>> {
    const options = { format: "png", captureBeyondViewport: isWhole, optimizeForSpeed: false };
    const { data } = await this.#send("Page.captureScreenshot", options);
    return Uint8Array.fromBase64(String(data));
  }

  /** Ends it, with its connections. */
  async close(): Promise<void> {
    await this.#send("Page.close");
  }

  /** Takes what the browser tells about this page. */
  take({ method, params }: DevtoolsEvent): void {
    if (method === "Network.requestWillBeSent") {
      this.requests.push(String((params["request"] as Fields)["url"]));
    }
    if (method === "Runtime.exceptionThrown") this.complaints.push(JSON.stringify(params));
    if (method === "Runtime.consoleAPICalled" && params["type"] !== "log") {
      this.complaints.push(JSON.stringify(params["args"]));
    }
    if (method !== "Log.entryAdded") return;
    const { level, text, url } = params["entry"] as Fields;
    if (level === "error" || level === "warning") this.complaints.push(`${text} ${url}`);
  }
}
