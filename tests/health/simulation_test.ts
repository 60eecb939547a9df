import { assert, assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import type { Address } from "../../lib/core/address.ts";
import { HealthChecker } from "../../lib/health/checker.ts";
import { Consecutive } from "../../lib/health/consecutive.ts";
import type { FailureDetector } from "../../lib/health/failure_detector.ts";
import { PhiAccrual } from "../../lib/health/phi_accrual.ts";
import type { Probe } from "../../lib/health/probe.ts";
import { RunningTime } from "../../lib/health/running_time.ts";
import { FakeClock, settled } from "../support/fake_clock.ts";
import { seededRandom } from "../support/seeded_random.ts";

const INTERVAL_MS = 5000;
const FAST_INTERVAL_MS = 500;
const TIMEOUT_MS = 2000;
const PAUSE_MS = 3000;
const STEP_MS = 50;
const FAULT_MS = 300_000;

type Kind = "threshold" | "phi_accrual";
const KINDS: readonly Kind[] = ["threshold", "phi_accrual"];

/** How a server answers a check that comes then. */
type Behaviour = (nowMs: number, random: () => number) => Answer;
type Answer =
  | { readonly kind: "pass" | "refuse"; readonly tookMs: number }
  | { readonly kind: "hang" };

const WELL: Answer = { kind: "pass", tookMs: 5 };
const REFUSES: Answer = { kind: "refuse", tookMs: 1 };
const HANGS: Answer = { kind: "hang" };
const well: Behaviour = () => WELL;
/** Well, and from `FAULT_MS` on like that. */
const from = (answer: Answer): Behaviour => (nowMs) => nowMs < FAULT_MS ? WELL : answer;

/** A change of one server's state, by its number. */
interface Change {
  readonly atMs: number;
  readonly server: number;
  readonly available: boolean;
}

/** Servers of the simulation under one checker. */
class Simulation implements Disposable {
  readonly clock = new FakeClock();
  readonly changes: Change[] = [];
  readonly #random: () => number;
  readonly #running = new RunningTime(this.clock);
  readonly #checker: HealthChecker;

  constructor(kind: Kind, behaviours: readonly Behaviour[], seed = 1) {
    this.#random = seededRandom(seed);
    const { clock } = this;
    this.#checker = new HealthChecker({ clock, running: this.#running, random: this.#random });
    for (const [server, behaviour] of behaviours.entries()) this.#add(kind, server, behaviour);
  }

  /** Lets time pass, with a look at silences every quarter of a second. */
  async run(ms: number): Promise<void> {
    for (let doneMs = 0; doneMs < ms; doneMs += 250) {
      await this.clock.run(250, STEP_MS);
      this.#checker.evaluate();
    }
  }

  /** Changes after the servers were found well. */
  get news(): Change[] {
    return this.changes.filter(({ atMs }) => atMs > INTERVAL_MS);
  }

  get transcript(): string {
    return this.changes
      .map(({ atMs, server, available }) => `${atMs} ${server} ${available ? "up" : "down"}`)
      .join("\n");
  }

  [Symbol.dispose](): void {
    this.#checker[Symbol.dispose]();
    this.#running[Symbol.dispose]();
  }

  #add(kind: Kind, server: number, behaviour: Behaviour): void {
    const check = {
      address: ADDRESS,
      probe: this.#probe(behaviour),
      detector: detectorOf(kind),
      intervalMs: INTERVAL_MS,
      fastIntervalMs: FAST_INTERVAL_MS,
      timeoutMs: TIMEOUT_MS,
    };
    this.#checker.watch(check, ({ available }) => {
      this.changes.push({ atMs: this.clock.now(), server, available });
    });
  }

  #probe(behaviour: Behaviour): Probe {
    return (_address, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const answer = behaviour(this.clock.now(), this.#random);
      signal.addEventListener("abort", () => reject(new Error("no answer in time")));
      if (answer.kind === "hang") return promise;
      const end = answer.kind === "pass" ? resolve : () => reject(new Error("refused"));
      this.clock.after(answer.tookMs, end);
      return promise;
    };
  }
}

function detectorOf(kind: Kind): FailureDetector {
  if (kind === "threshold") return new Consecutive({ rise: 2, fall: 3 });
  return new PhiAccrual({
    threshold: 8,
    intervalMs: INTERVAL_MS,
    pauseMs: PAUSE_MS,
    rise: 2,
    initial: "probe",
    nowMs: 0,
  });
}

const ADDRESS: Address = { kind: "tcp", hostname: "192.0.2.1", port: 1 };

/** Longest from the fault to the decision: a check is due within 1.1 intervals. */
const LONGEST_MS: Readonly<Record<Kind, { refuse: number; hang: number }>> = {
  threshold: {
    refuse: 1.1 * INTERVAL_MS + 2 * 1.1 * FAST_INTERVAL_MS + 4 * STEP_MS,
    hang: 1.1 * INTERVAL_MS + 3 * TIMEOUT_MS + 2 * 1.1 * FAST_INTERVAL_MS + 4 * STEP_MS,
  },
  phi_accrual: {
    refuse: 1.5 * INTERVAL_MS + PAUSE_MS + 250,
    hang: 1.5 * INTERVAL_MS + PAUSE_MS + 250,
  },
};

for (const kind of KINDS) {
  for (const [what, answer] of [["crashed", REFUSES], ["hangs", HANGS]] as const) {
    Deno.test(`${kind} finds the one that ${what} among a hundred that are well, and no other`, async () => {
      const others = Array.from({ length: 100 }, () => well);
      using simulation = new Simulation(kind, [from(answer), ...others]);

      await simulation.run(FAULT_MS + 60_000);

      const [change, ...more] = simulation.news;
      assertEquals([change?.server, change?.available, more.length], [0, false, 0]);
      const tookMs = change!.atMs - FAULT_MS;
      assertLessOrEqual(tookMs, LONGEST_MS[kind][answer === HANGS ? "hang" : "refuse"]);
    });
  }

  Deno.test(`${kind} takes all down that fail at once, and all back, each only once`, async () => {
    const outage: Behaviour = (nowMs) => {
      return nowMs >= FAULT_MS && nowMs < FAULT_MS + 60_000 ? REFUSES : WELL;
    };
    using simulation = new Simulation(kind, Array.from({ length: 50 }, () => outage));

    await simulation.run(FAULT_MS + 120_000);

    const downs = simulation.news.filter(({ available }) => !available);
    const ups = simulation.news.filter(({ available }) => available);
    assertEquals([downs.length, ups.length], [50, 50]);
    const longestMs = LONGEST_MS[kind].refuse;
    assert(downs.every(({ atMs }) => atMs - FAULT_MS <= longestMs), simulation.transcript);
    // One check each interval, and the second a fast one.
    const backMs = 1.1 * (INTERVAL_MS + FAST_INTERVAL_MS) + 4 * STEP_MS;
    assert(ups.every(({ atMs }) => atMs - FAULT_MS - 60_000 <= backMs), simulation.transcript);
  });

  Deno.test(`${kind} bears a server that gets slower until its checks take too long`, async () => {
    // From 5 ms to ten seconds, a hundredth of a second each second.
    const ramp: Behaviour = (nowMs) => ({ kind: "pass", tookMs: 5 + nowMs / 100 });
    using simulation = new Simulation(kind, [ramp]);

    await simulation.run(1_000_000);

    assertEquals(simulation.news.map(({ available }) => available), [false]);
    // The first check that takes longer than its timeout begins here.
    const tooSlowMs = (TIMEOUT_MS - 5) * 100;
    const tookMs = simulation.news[0]!.atMs - tooSlowMs;
    assert(tookMs > 0 && tookMs <= 2 * INTERVAL_MS + LONGEST_MS[kind].hang, `${tookMs}`);
  });

  Deno.test(`${kind} takes nobody down for a pause of the balancer, however long`, async () => {
    using simulation = new Simulation(kind, Array.from({ length: 50 }, () => well));
    await simulation.run(60_000);

    for (const pauseMs of [1000, TIMEOUT_MS, 10_000, 3_600_000]) {
      simulation.clock.stall(pauseMs);
      await simulation.run(60_000);
    }
    // One that stops while a check is under way, too.
    for (let pause = 0; pause < 50; pause++) {
      simulation.clock.stall(7000 + pause);
      await simulation.run(1250);
    }

    assertEquals(simulation.news, []);
  });

  Deno.test(`${kind} still finds the dead after a pause of the balancer`, async () => {
    using simulation = new Simulation(kind, [from(REFUSES), well]);
    await simulation.run(FAULT_MS - 60_000);
    simulation.clock.stall(59_000);

    await simulation.run(60_000);

    assertEquals(simulation.news.map(({ server }) => server), [0]);
    assertLess(simulation.news[0]!.atMs - FAULT_MS, LONGEST_MS[kind].refuse + INTERVAL_MS);
  });
}

/** Half of the checks are lost, for an hour and twenty servers. */
async function flap(kind: Kind, seed: number): Promise<Simulation> {
  const lossy: Behaviour = (nowMs, random) => nowMs < FAULT_MS || random() < 0.5 ? WELL : REFUSES;
  const simulation = new Simulation(kind, Array.from({ length: 20 }, () => lossy), seed);
  await simulation.run(FAULT_MS + 3_600_000);
  return simulation;
}

Deno.test("phi_accrual does not flap with half of the checks lost, where counting does", async () => {
  using threshold = await flap("threshold", 1);
  using phi = await flap("phi_accrual", 1);

  const perHour = [threshold, phi].map(({ news }) => news.length / 20);

  // Three failures in a row come often then, and two passes more often.
  assert(perHour[0]! > 50 && perHour[0]! < 150, `${perHour[0]}`);
  assertLess(perHour[1]!, 1);
});

for (const kind of KINDS) {
  Deno.test(`${kind} says the same with the same seed, and something else with another`, async () => {
    const lossy: Behaviour = (_, random) => random() < 0.5 ? WELL : REFUSES;
    const transcripts: string[] = [];
    for (const seed of [1, 1, 2]) {
      using simulation = new Simulation(kind, [lossy, from(HANGS), well, lossy], seed);
      await simulation.run(FAULT_MS + 30_000);
      transcripts.push(simulation.transcript);
      await settled();
    }

    assertEquals(transcripts[0], transcripts[1]);
    assert(transcripts[0] !== transcripts[2]);
  });
}
