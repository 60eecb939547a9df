/**
 * Runs inside a worker and tries what a data plane thread must not be able to do.
 *
 * @module
 */
// For what it does on being loaded, as every thread of the data plane loads it.
import "../../lib/runtime/worker.ts";

/** A TCP endpoint as `Deno.connect` takes it. */
export interface Endpoint {
  readonly hostname: string;
  readonly port: number;
}

/** Where to try it. */
export interface ProbeMessage {
  readonly backend: Endpoint;
  readonly listen: Endpoint;
  readonly elsewhere: Endpoint;
}

/** What was tried -> `"done"`, `"NotCapable"`, or another error with its message. */
export type ProbeResult = Readonly<Record<string, string>>;

interface WorkerScope extends EventTarget {
  postMessage(message: ProbeResult): void;
}
const scope = globalThis as unknown as WorkerScope;

scope.addEventListener("message", async (event) => {
  if (event instanceof MessageEvent) scope.postMessage(await probe(event.data as ProbeMessage));
});

async function probe({ backend, listen, elsewhere }: ProbeMessage): Promise<ProbeResult> {
  const { hostname, port } = elsewhere;
  const attempts: Readonly<Record<string, () => unknown>> = {
    "connect to a backend": async () => (await Deno.connect(backend)).close(),
    "listen where configured": () => Deno.listen(listen).close(),
    "connect elsewhere": () => Deno.connect({ hostname, port }),
    "connect to another port of the backend": () => Deno.connect({ ...backend, port }),
    "listen elsewhere": () => Deno.listen({ hostname, port: 0 }),
    "fetch": () => fetch(`http://${hostname}:${port}/`),
    "import": () => import(`http://${hostname}:${port}/module.js`),
    "read a file": () => Deno.readTextFile("/etc/passwd"),
    "write a file": () => Deno.makeTempFile(),
    "read the environment": () => Deno.env.toObject(),
    "run a program": () => new Deno.Command("true").output(),
    "ask for the host name": () => Deno.hostname(),
    "load a library": () => Deno.dlopen("libc.so.6", {}),
    "start a worker that may do more": () => startWorker({ net: true }),
    "ask for more": async () => assertGranted(await Deno.permissions.request({ name: "net" })),
    // A signal that changes nothing, in case it can.
    "signal its own process": () => Deno.kill(Deno.pid, "SIGCONT"),
    "catch signals": () => Deno.addSignalListener("SIGCONT", () => {}),
    "keep a cache on the disk": () => caches.open("weir-test"),
  };
  const results: Record<string, string> = {};
  for (const [name, attempt] of Object.entries(attempts)) results[name] = await outcome(attempt);
  return results;
}

async function outcome(attempt: () => unknown): Promise<string> {
  try {
    await attempt();
    return "done";
  } catch (error) {
    return describe(error);
  }
}

/** A module that may not be loaded is a TypeError whose message says why. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return /NotCapable|Requires \S+ access|Can't escalate/.test(`${error}`)
    ? "NotCapable"
    : `${error}`;
}

function startWorker(permissions: Deno.PermissionOptionsObject): void {
  new Worker(import.meta.url, { type: "module", deno: { permissions } }).terminate();
}

function assertGranted(status: Deno.PermissionStatus): void {
  if (status.state !== "granted") throw new Deno.errors.NotCapable(status.state);
}
