/** A named combination of settings; what the command line says goes before it. */
export interface Scenario {
  readonly summary: string;
  /** Faults as they are written on the command line. */
  readonly faults: (backends: number) => readonly string[];
  /** Exponent of Zipf's law: how uneven keys are. */
  readonly zipf?: number;
  /** How many backends there are unless something else says so. */
  readonly backends?: number;
}

/** Every scenario by its name. Times are shares of the run, so that they fit runs of any length. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  steady: { summary: "nothing goes wrong", faults: () => [] },
  "slow-backend": {
    summary: "backend 0 needs ten times as long for half of the run",
    faults: () => ["slow:0:10x@25%-75%"],
  },
  "fail-fast": {
    summary: "backend 0 answers errors at once for half of the run",
    faults: () => ["fail-fast:0:1ms@25%-75%"],
  },
  crash: {
    summary: "backend 0 crashes and comes back",
    faults: () => ["crash:0@25%-60%"],
  },
  hang: {
    summary: "backend 0 stands still for half of the run, and takes connections all the same",
    faults: () => ["hang:0@25%-75%"],
  },
  "slow-ramp": {
    summary: "backend 0 gets slower and slower, up to fifty times",
    faults: () => ["ramp:0:50x:50%@25%-90%"],
  },
  loss: {
    summary: "backend 0 refuses half of all connections for half of the run",
    faults: () => ["loss:0:50%@25%-75%"],
  },
  "one-bad": {
    summary: "one of a hundred and one backends answers errors at once",
    faults: () => ["fail-fast:0:1ms@25%-75%"],
    backends: 101,
  },
  "all-bad": {
    summary: "all crash at once, and come back",
    faults: () => ["crash:all@40%-50%"],
  },
  pause: {
    summary: "Weir itself stands still for a twentieth of the run",
    faults: () => ["pause@40%-45%"],
  },
  flapping: {
    summary: "backend 0 crashes and comes back again and again",
    faults: () => ["flap:0:5%:5%@20%-80%"],
  },
  deploy: {
    summary: "all are restarted, a tenth of them at a time",
    faults: (backends) => [`deploy:all:6%:5x:6%:${Math.ceil(backends / 10)}@20%`],
  },
  "cold-start": {
    summary: "backend 0 comes back and is slow for a while",
    faults: () => ["crash:0@10%-30%", "cold:0:10x:30%@30%"],
  },
  "hot-keys": {
    summary: "a few keys make up most of the load",
    faults: () => [],
    zipf: 1.1,
  },
};
