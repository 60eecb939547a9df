import { measureIdle, measureRequests } from "./measure.ts";
import { cpuMs } from "./processes.ts";
import { type Contestant, type Goal, requestFigures, type Row, type Sample } from "./row.ts";

const GOALS = {
  keepAliveCpu: { kind: "ratio", most: 1.25 },
  /** That is 0.8 of the handshakes in the same CPU time. */
  handshakeCpu: { kind: "ratio", most: 1.25 },
  idleKib: { kind: "absolute", most: 40 },
} as const satisfies Record<string, Goal>;

const IDLE_CLIENTS = 2000;

/** The subjects as HTTP balancers that end TLS, with one certificate of P-256. */
export const HTTPS_ROWS: readonly Row[] = [
  {
    id: "https-keepalive",
    mode: "https",
    figures: requestFigures("HTTPS keep-alive", GOALS.keepAliveCpu),
    measure: (contestant) => measureRequests(contestant),
  },
  {
    id: "https-handshake",
    mode: "https",
    figures: [
      {
        id: "cpu",
        title: "Full TLS handshake, one request, CPU µs",
        digits: 0,
        goal: GOALS.handshakeCpu,
      },
      { id: "rate", title: "Full TLS handshakes per second", digits: 0 },
    ],
    measure: measureHandshakes,
  },
  {
    id: "https-idle",
    mode: "https",
    figures: [
      { id: "memory", title: "HTTPS idle client of 2,000, KiB", digits: 1, goal: GOALS.idleKib },
    ],
    measure: (contestant) => measureIdle(contestant, IDLE_CLIENTS),
  },
];

/** A new session with each connection, one after the other. */
async function measureHandshakes({ running, setting, seconds }: Contestant): Promise<Sample> {
  const { port, process: { pid } } = await running();
  const argv = ["openssl", "s_time", "-connect", `127.0.0.1:${port}`, "-new", "-www", "/"];
  const run = (time: number) => {
    return setting.processes.run({ name: "s_time", argv: [...argv, "-time", String(time)] });
  };
  await run(1);
  const before = await cpuMs(pid);
  const { stdout } = await run(seconds);
  const spentMs = await cpuMs(pid) - before;
  const [, count = "0", real = "1"] = /^(\d+) connections in (\d+) real seconds/m.exec(stdout) ??
    [];
  const failures = Number(count) > 0 ? [] : [`s_time made no connection: ${stdout.slice(-200)}`];
  const values = { cpu: spentMs * 1000 / Number(count), rate: Number(count) / Number(real) };
  return { values, failures };
}
