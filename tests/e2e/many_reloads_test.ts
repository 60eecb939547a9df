import { assert, assertEquals, assertGreater } from "@std/assert";
import { stringify } from "@std/yaml";
import type { Changed } from "../../lib/admin/change_result.ts";
import { isEmptyDiff } from "../../lib/config/diff.ts";
import { freeAddress } from "../support/free_port.ts";
import { askOnce } from "../support/http_client.ts";
import { EndlessWrk, type H2loadReport, NginxSite, runH2load } from "../support/http_peers.ts";
import { startHttp, UNCHECKED } from "../support/http_scenario.ts";
import { HttpTraffic } from "../support/http_traffic.ts";
import { TempFolder } from "../support/paths.ts";
import { type PeerPaths, peerTest } from "../support/peers.ts";
import type { Scenario, Settings } from "../support/scenario.ts";
import { eventually } from "../support/wait.ts";
import { WsPeer, WsServer } from "../support/websockets.ts";

const RELOADS = 200;
/** Every so many reloads it is the number of threads that changes. */
const THREADS_EVERY = 20;
/** Another WebSocket is opened here, in threads that are to be replaced too. */
const ANOTHER_SOCKET_AT = RELOADS / 2;
const NAMES = ["a", "b", "c", "d"];
/**
 * Requests of one run of h2load; there is one run after another. They are not paced: with --rps,
 * h2load sends nothing more once an answer said "Connection: close", whatever the server.
 */
const H2LOAD_REQUESTS = 400;
/** Between an answer and the next request: the machine has work beside it. */
const WRK_PACE = "function delay() return 5 end\n";

peerTest(
  "two hundred reloads of every kind lose no request of wrk and h2load, and no WebSocket",
  ["wrk", "h2load", "nginx"],
  async (paths) => {
    await using stack = new AsyncDisposableStack();
    const addresses = await startSites(paths.nginx, stack);
    const chat = stack.use(await WsServer.start(echo));
    const scenario = stack.use(await startHttp({ backends: addresses.slice(0, 3), workers: 2 }));
    const plan = new ReloadPlan(await scenario.config(), addresses, chat.address);
    await reload(scenario, plan.settings());
    const sockets = [await open(scenario, stack), await open(scenario, stack)];
    const load = await Load.start(paths, scenario.address, stack);

    const ways = new Set<string>();
    for (let round = 1; round < RELOADS; round++) {
      if (round === ANOTHER_SOCKET_AT) sockets.push(await open(scenario, stack));
      plan.change(round);
      ways.add((await reload(scenario, plan.settings())).how);
      await plan.check(scenario);
    }

    await load.assertNothingLost();
    for (const socket of sockets) await assertEcho(socket);
    const { reloads, workerRestarts } = await scenario.status();
    assertEquals([reloads, workerRestarts], [{ done: RELOADS, refused: 0 }, 0]);
    assertEquals([...ways].sort(), ["in_place", "new_threads"]);
    assertEquals(scenario.weir.stderr.lines(/ error |the oldest are cut/), []);
  },
);

/** Three kinds of clients with keep-alive connections, which ask all the time. */
class Load {
  readonly #wrk: EndlessWrk;
  readonly #h2load: H2loadRuns;
  readonly #traffic: HttpTraffic;

  private constructor(wrk: EndlessWrk, h2load: H2loadRuns, traffic: HttpTraffic) {
    this.#wrk = wrk;
    this.#h2load = h2load;
    this.#traffic = traffic;
  }

  static async start(
    { wrk, h2load }: PeerPaths,
    address: string,
    stack: AsyncDisposableStack,
  ): Promise<Load> {
    const url = `http://${address}/`;
    const folder = stack.use(await TempFolder.create());
    const script = await folder.write("pace.lua", WRK_PACE);
    const args = ["-t1", "-c8", "-s", script, "--timeout", "10s", url];
    const endless = stack.use(new EndlessWrk(wrk, args));
    const runs = stack.use(new H2loadRuns(h2load, url));
    const traffic = new HttpTraffic(address, 2);
    stack.defer(() => traffic.stop());
    return new Load(endless, runs, traffic);
  }

  /** Ends it. @throws {AssertionError} unless each request had its answer, from a backend */
  async assertNothingLost(): Promise<void> {
    const wrk = await this.#wrk.stop();
    const { succeeded, ...others } = await this.#h2load.stop();
    await this.#traffic.stop();
    const { faults, answers } = this.#traffic;

    assertEquals([wrk.socketErrors, wrk.badAnswers], [0, 0]);
    assertEquals(others, { failed: 0, errored: 0, timeout: 0, badAnswers: 0 });
    assertEquals([faults, [...answers.keys()].sort()], [[], NAMES]);
    const counts = [wrk.requests, succeeded, ...answers.values()];
    for (const count of counts) assertGreater(count, RELOADS);
  }
}

/** What the configuration says, and how it changes from one reload to the next. */
class ReloadPlan {
  readonly #base: Settings;
  readonly #chat: string;
  /** In the upstream at present. */
  readonly #backends: string[];
  /** Those that are not. */
  readonly #spare: string[];
  #algorithm = "round_robin";
  #weight = 1;
  #version = 0;
  #second = freeAddress();
  #threads = 2;
  #bodyBytes = 1000;
  #maxIdle = 10;
  #timeout = 60;
  #turn = 0;

  constructor(base: Settings, backends: readonly string[], chat: string) {
    this.#base = base;
    this.#chat = chat;
    this.#backends = backends.slice(0, 3);
    this.#spare = backends.slice(3);
  }

  /** Changes one thing. */
  change(round: number): void {
    if (round % THREADS_EVERY === 0) {
      this.#threads = 1 + this.#threads % 3;
      return;
    }
    const changes = [
      () => this.#algorithm = this.#algorithm === "p2c" ? "least_connections" : "p2c",
      () => this.#backends.push(...this.#spare.splice(0)),
      () => this.#weight = 1 + this.#weight % 5,
      () => this.#version++,
      () => this.#spare.push(...this.#backends.splice(0, 1)),
      () => this.#second = freeAddress(),
      () => this.#bodyBytes++,
      () => this.#maxIdle++,
      () => this.#timeout++,
    ];
    changes[this.#turn++ % changes.length]!();
  }

  settings(): Settings {
    const { listeners: [main], upstreams: { app } } = this.#base as unknown as BaseSettings;
    const limits = { body_bytes: `${this.#bodyBytes}B` };
    const routes = [
      { match: { path: "/chat" }, upstream: "chat" },
      { match: { path: "/version" }, respond: { status: 200, body: `${this.#version}` } },
    ];
    return {
      ...this.#base,
      workers: this.#threads,
      listeners: [
        { ...main, routes, limits },
        { ...main, name: "second", address: this.#second },
      ],
      upstreams: {
        app: {
          ...app,
          algorithm: this.#algorithm,
          backends: this.#backendSettings(),
          pool: { max_idle: this.#maxIdle },
          response_timeout: `${this.#timeout}s`,
        },
        chat: { ...UNCHECKED, backends: [{ address: this.#chat }] },
      },
    };
  }

  /** What is asked from now on goes by the settings. */
  async check({ address }: Scenario): Promise<void> {
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
    await eventually("the present route", async () => {
      assertEquals((await askOnce(address, get("/version"))).body, `${this.#version}`);
    });
    const { body } = await askOnce(this.#second, get("/"));
    assert(NAMES.includes(body), body);
  }

  #backendSettings(): Settings[] {
    return this.#backends.map((address, at) => ({ address, weight: at === 0 ? this.#weight : 1 }));
  }
}

interface BaseSettings {
  readonly listeners: readonly Settings[];
  readonly upstreams: { readonly app: Settings };
}

/** One run of h2load after another, until told to stop. */
class H2loadRuns implements AsyncDisposable {
  readonly #running: Promise<H2loadReport>;
  #isOver = false;

  constructor(h2load: string, url: string) {
    this.#running = this.#run(h2load, url);
    // Told by whoever stops it.
    this.#running.catch(() => {});
  }

  /** The sum of all runs, the last of which ends by itself. */
  async stop(): Promise<H2loadReport> {
    this.#isOver = true;
    return await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop().catch(() => {});
  }

  async #run(h2load: string, url: string): Promise<H2loadReport> {
    const args = ["--h1", "-c2", "-t1", `-n${H2LOAD_REQUESTS}`, url];
    let sum = await runH2load(h2load, args);
    while (!this.#isOver) sum = add(sum, await runH2load(h2load, args));
    return sum;
  }
}

function add(one: H2loadReport, other: H2loadReport): H2loadReport {
  return {
    succeeded: one.succeeded + other.succeeded,
    failed: one.failed + other.failed,
    errored: one.errored + other.errored,
    timeout: one.timeout + other.timeout,
    badAnswers: one.badAnswers + other.badAnswers,
  };
}

/** Backends that answer with their names; where they are. */
async function startSites(nginx: string, stack: AsyncDisposableStack): Promise<string[]> {
  const starts = NAMES.map((name) => NginxSite.start(nginx, { "index.html": name }));
  return (await Promise.all(starts)).map((site) => stack.use(site).address);
}

/** Writes the file and has it put in force, which has to change something. */
async function reload(scenario: Scenario, settings: Settings): Promise<Changed> {
  await Deno.writeTextFile(scenario.configPath, stringify(settings));
  const changed = await scenario.send("POST", "/api/v1/reload", {}) as Changed;
  assert(!isEmptyDiff(changed.changes), "a reload that changes nothing");
  return changed;
}

async function open(scenario: Scenario, stack: AsyncDisposableStack): Promise<WsPeer> {
  const socket = stack.use(await WsPeer.connect(scenario.address, "chat"));
  await assertEcho(socket);
  return socket;
}

async function assertEcho(peer: WsPeer): Promise<void> {
  peer.socket.send("still there");
  assertEquals(new TextDecoder().decode((await peer.receive()).data), "still there");
}

function echo(peer: WsPeer): void {
  peer.socket.on("message", (data, isBinary) => peer.socket.send(data, { binary: isBinary }));
}
