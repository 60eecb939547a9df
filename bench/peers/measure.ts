import { BIG_BYTES, HUGE_BYTES, writeHugeFile } from "./backends.ts";
import { ALL_OPEN, type BulkResult, type IdleResult } from "./clients.ts";
import { cpuMs, peakRssKib, type Process, resetPeakRss, rssKib } from "./processes.ts";
import type { Contestant, Sample } from "./row.ts";
import { type Running, type Setting, startSubject } from "./subjects.ts";
import { wrk, type WrkRun } from "./wrk.ts";

/** Makes wrk open a connection per request. */
export const CLOSE_FLAGS: readonly string[] = ["-H", "Connection: close"];

/** Load before the load that counts. */
export const WARM_UP_SECONDS = 1;

/** From the last connection opened to the memory read: garbage and page frees settle. */
const SETTLE_MS = 1000;

/** Which requests. */
export type Load = Pick<WrkRun, "flags" | "path">;

/** CPU time and rate of small requests, as many as the subject takes. */
export async function measureRequests(contestant: Contestant, load: Load = {}): Promise<Sample> {
  await warmUp(contestant, load);
  return await measureWarm(contestant, load);
}

/** Load that does not count. */
export async function warmUp({ running, setting }: Contestant, load: Load): Promise<void> {
  await wrk(setting, { ...load, running: await running(), seconds: WARM_UP_SECONDS });
}

/** The same as `measureRequests` of a subject that has had load just now. */
export async function measureWarm(
  { running, setting, seconds }: Contestant,
  load: Load,
): Promise<Sample> {
  const subject = await running();
  const before = await cpuMs(subject.process.pid);
  const result = await wrk(setting, { ...load, running: subject, seconds });
  const spentMs = await cpuMs(subject.process.pid) - before;
  const values = {
    cpu: spentMs * 1000 / result.requests,
    rate: result.requests / result.seconds,
  };
  return { values, failures: result.failures };
}

/** CPU time and rate of long bodies. */
export async function measureBulk({ running, setting, seconds }: Contestant): Promise<Sample> {
  const subject = await running();
  const load = { path: "/big", sizeBytes: BIG_BYTES };
  await download(setting, { ...load, running: subject, seconds: WARM_UP_SECONDS });
  const values = await measureDownload(setting, { ...load, running: subject, seconds });
  return { values, failures: [] };
}

/** What a body that no buffer could hold costs, in a fresh process as with `measureIdle`. */
export function measureHugeBody(contestant: Contestant): Promise<Sample> {
  return withFreshSubject(contestant, async (running) => {
    const { setting, seconds } = contestant;
    const { pid } = running.process;
    await writeHugeFile(setting);
    const before = await rssKib(pid);
    await resetPeakRss(pid);
    const load = { running, seconds, path: "/huge", sizeBytes: HUGE_BYTES };
    const cost = await measureDownload(setting, load);
    const memory = (await peakRssKib(pid) - before) / 1024;
    return { values: { memory, ...cost }, failures: [] };
  });
}

/** Memory of open connections that nothing happens on, and whether they still work after. */
export function measureIdle(contestant: Contestant, count: number): Promise<Sample> {
  return withFreshSubject(contestant, async ({ port, process }) => {
    const before = await rssKib(process.pid);
    const kind = contestant.setting.mode === "https" ? "idle-tls" : "idle";
    const client = startClient(contestant.setting, [kind, `${port}`, `${count}`]);
    await client.printed(ALL_OPEN);
    await pause(SETTLE_MS);
    const grownKib = await rssKib(process.pid) - before;
    await client.tell("");
    const lost = count - (await resultOf<IdleResult>(client)).answered;
    const failures = lost === 0 ? [] : [`${lost} of ${count} idle connections lost`];
    return { values: { memory: grownKib / count }, failures };
  });
}

/** Time from the start of the process to the first answer. */
export async function measureStart({ subject, setting }: Contestant): Promise<Sample> {
  const start = performance.now();
  const running = await startSubject(subject, setting);
  const time = performance.now() - start;
  await running.process.stop();
  return { values: { time }, failures: [] };
}

/** Starts a client that is a process of its own. */
export function startClient(
  { processes }: Setting,
  args: readonly string[],
  file = "clients.ts",
): Process {
  const folder = new URL(".", import.meta.url).pathname;
  // Threads of a client are loaded under its permissions, unlike what it imports.
  const permissions = [
    "--no-prompt",
    "--allow-net",
    `--allow-read=${folder}`,
    "--unsafely-ignore-certificate-errors=localhost",
  ];
  const argv = [Deno.execPath(), "run", ...permissions, `${folder}${file}`, ...args];
  return processes.start({ name: `client ${args[0]}`, argv });
}

/** What a client printed last. @throws {Error} when it failed. */
export async function resultOf<T>(client: Process): Promise<T> {
  const { success, stdout, stderr } = await client.finished;
  if (!success) throw new Error(`Cannot finish ${client.name}: ${stderr.trim()}`);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as T;
}

/** Uses a fresh process: memory kept from an earlier round would count as free. */
async function withFreshSubject(
  { subject, setting }: Contestant,
  work: (running: Running) => Promise<Sample>,
): Promise<Sample> {
  const running = await startSubject(subject, setting);
  try {
    const warming = await wrk(setting, { running, seconds: WARM_UP_SECONDS });
    await pause(SETTLE_MS);
    const { values, failures } = await work(running);
    return { values, failures: [...warming.failures, ...failures] };
  } finally {
    await running.process.stop();
  }
}

interface Download {
  readonly running: Running;
  readonly seconds: number;
  readonly path: string;
  readonly sizeBytes: number;
}

async function measureDownload(
  setting: Setting,
  load: Download,
): Promise<{ cpu: number; rate: number }> {
  const { pid } = load.running.process;
  const before = await cpuMs(pid);
  const result = await download(setting, load);
  const spentMs = await cpuMs(pid) - before;
  return { cpu: spentMs / (result.bytes / 1e9), rate: result.bytes / 1e6 / result.seconds };
}

function download(setting: Setting, load: Download): Promise<BulkResult> {
  const { running, seconds, path, sizeBytes } = load;
  return resultOf(
    startClient(setting, ["bulk", `${running.port}`, `${seconds}`, `${sizeBytes}`, path]),
  );
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
