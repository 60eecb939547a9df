import { PeakEwma } from "../../lib/balancer/peak_ewma.ts";
import { ANY, type FakeServer } from "./farm.ts";
import { seededRandom } from "./seeded_random.ts";

/** How a piece of work on a server goes. */
export interface Answer {
  readonly ms: number;
  readonly passed: boolean;
}

interface Work {
  readonly server: FakeServer;
  readonly answer: Answer;
  readonly endMs: number;
}

/** How work started now on a server will go. */
export type Behaviour = (server: FakeServer, nowMs: number) => Answer;

/** Servers at work in virtual time; the balancer sees a clock of 10 ms steps. */
export class Simulation {
  readonly balancer: PeakEwma<FakeServer>;
  nowMs = 0;
  #behaviour: Behaviour;
  #working: Work[] = [];

  constructor(servers: readonly FakeServer[], behaviour: Behaviour, seed = 1) {
    const now = () => Math.floor(this.nowMs / 10) * 10;
    this.balancer = new PeakEwma({ random: seededRandom(seed), now });
    this.#behaviour = behaviour;
    for (const server of servers) this.balancer.add(server);
  }

  /** Places work every `everyMs` for `forMs`; how much each server got. */
  run(forMs: number, everyMs: number): Map<FakeServer, number> {
    const counts = new Map<FakeServer, number>();
    for (const untilMs = this.nowMs + forMs; this.nowMs < untilMs; this.nowMs += everyMs) {
      this.#endWork();
      const server = this.balancer.pick(ANY)!;
      counts.set(server, (counts.get(server) ?? 0) + 1);
      server.load++;
      const answer = this.#behaviour(server, this.nowMs);
      this.#working.push({ server, answer, endMs: this.nowMs + answer.ms });
    }
    return counts;
  }

  #endWork(): void {
    const open: Work[] = [];
    for (const work of this.#working) {
      if (work.endMs > this.nowMs) open.push(work);
      else {
        work.server.load--;
        this.balancer.observe(work.server, work.answer.ms, work.answer.passed);
      }
    }
    this.#working = open;
  }
}
