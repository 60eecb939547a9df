import { OPEN_ARRIVALS } from "../simulate/arrivals.ts";
import { FAULT_KINDS } from "../simulate/parse_fault.ts";
import { REPLAY_KEYS } from "../simulate/replay.ts";
import { SCENARIOS } from "../simulate/scenarios.ts";
import { DISTRIBUTIONS } from "../simulate/service_time.ts";
import type { Flag } from "./flags.ts";
import { columns } from "./help.ts";

const ARRIVALS = [...OPEN_ARRIVALS, "closed"];
const SCENARIO_NAMES = Object.keys(SCENARIOS);

/** The flags of `weir simulate`. */
export const SIMULATE_FLAGS: readonly Flag[] = [
  {
    name: "config",
    short: "c",
    value: "FILE",
    help: "Take backends, algorithm, checks, retries, breakers and limits from a configuration,",
  },
  { name: "upstream", value: "NAME", help: "and from this upstream of it." },
  {
    name: "algorithm",
    value: "NAME",
    help: "Algorithms, with commas between; all of them unless a configuration names one.",
  },
  {
    name: "backends",
    value: "N",
    help: "Number of backends; 10, as the scenario has, or as many as weights.",
  },
  { name: "weights", value: "W,W,…", help: "Their weights, repeated as needed; 1." },
  { name: "speeds", value: "S,S,…", help: "How fast they are, repeated; in proportion to weight." },
  { name: "concurrency", value: "N", help: "Requests that each works on at once; 1." },
  { name: "requests", value: "N", help: "Number of requests; 100000 unless --duration is given." },
  { name: "duration", value: "TIME", help: "How long requests arrive, in virtual time." },
  { name: "seed", value: "N", help: "The same seed gives the same run, to the byte; 1." },
  { name: "arrivals", value: "PROCESS", choices: ARRIVALS, help: `${either(ARRIVALS)}; poisson.` },
  { name: "load", value: "SHARE", help: "Rate of arrivals as a share of the capacity; 0.7." },
  { name: "rate", value: "N", help: "Rate of arrivals in requests a second, instead of --load." },
  {
    name: "clients",
    value: "N",
    help: "With closed arrivals: clients that wait for answers; 100.",
  },
  {
    name: "think",
    value: "TIME",
    help: "From an answer to their next request, on average; 100ms.",
  },
  { name: "service", value: "TIME", help: "Mean service time at speed 1; 10ms." },
  {
    name: "distribution",
    value: "NAME",
    choices: DISTRIBUTIONS,
    help: `${either(DISTRIBUTIONS)}; exponential.`,
  },
  {
    name: "shape",
    value: "N",
    help: "lognormal: sigma, 1. pareto: alpha, 2.5. bimodal: how much longer 1 in 10 takes, 10.",
  },
  {
    name: "keys",
    value: "N",
    help: "Different keys, for algorithms that go by key; 100 a backend, 10000 at least.",
  },
  { name: "zipf", value: "N", help: "How uneven keys are: key k comes like 1/k^N; 0.7." },
  {
    name: "scenario",
    value: "NAME",
    choices: SCENARIO_NAMES,
    help: "A combination of the above; steady.",
  },
  {
    name: "fault",
    value: "FAULT",
    repeatable: true,
    help: "What goes wrong besides; may be given several times.",
  },
  {
    name: "check-interval",
    value: "TIME",
    help: "Between health checks, 0s for none; from the configuration, or 2s.",
  },
  { name: "rise", value: "N", help: "Passed checks that bring a backend back; 2." },
  { name: "fall", value: "N", help: "Failed checks that take it out; 3." },
  {
    name: "slow-start",
    value: "TIME",
    help: "How long a backend that came back gets less than its share; 0s.",
  },
  {
    name: "bounded-load",
    value: "N",
    help: "For algorithms that go by key: most load as a multiple of the fair share; no bound.",
  },
  { name: "replay", value: "FILE", help: "Take requests from an access log in JSON." },
  {
    name: "key",
    value: "FIELD",
    choices: REPLAY_KEYS,
    help: `With a log: what makes a key, ${either(REPLAY_KEYS)}; client.`,
  },
  { name: "format", value: "table|json", choices: ["table", "json"], help: "What is printed." },
  { name: "shares", help: "Print the share of each backend too." },
  { name: "svg", value: "FILE", help: "Draw the result as a picture into this file." },
];

/** What the help says after the flags. */
export const SIMULATE_NOTES: readonly string[] = [
  "Every algorithm meets the same requests: their times, service times and keys are drawn from the",
  "seed, each from a stream of its own. Clients that wait come back when they are answered, so with",
  "`--arrivals closed` times depend on the algorithm. Latencies are those of answered requests.",
  "",
  "Scenarios:",
  ...columns(Object.entries(SCENARIOS).map(([name, { summary }]) => [name, summary])),
  "",
  "Faults are written KIND:BACKENDS:SETTINGS@FROM-TO. Backends count from 0 (0, 0-4, 0,3 or all);",
  "times are durations or shares of the run (25%); what is left out has a default:",
  ...columns(FAULT_KINDS.map(({ example, meaning }) => [example, meaning])),
  "",
  "A log has one JSON object a line. Needed are `time` (RFC 3339, start of the request) and",
  "`duration_ms`; the service time is `upstream_ms` if there, the key `client` or `path`.",
];

function either(words: readonly string[]): string {
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
