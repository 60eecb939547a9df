import { type AdminServer, startAdmin } from "../admin/server.ts";
import type { LoadResult } from "../config/load.ts";
import type { Config, HttpListenerConfig, ListenerConfig } from "../config/types.ts";
import { formatAddress } from "../core/address.ts";
import { messageOf } from "../core/errors.ts";
import { VERSION } from "../core/version.ts";
import { AccessOutput } from "../runtime/access_output.ts";
import { ListenError } from "../runtime/listen_error.ts";
import { setCongestionControl } from "../runtime/congestion_control.ts";
import { openLog, type OperationalLog } from "../runtime/logging.ts";
import { dropUnneeded, StartError } from "../runtime/sandbox.ts";
import { onSignals } from "../runtime/signals.ts";
import { Supervisor, type SupervisorOptions } from "../runtime/supervisor.ts";
import { sysctl } from "../runtime/sysctl.ts";
import { TraceExport } from "../runtime/trace_export.ts";
import { systemClock } from "../runtime/system_clock.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { printError, printLine } from "./output.ts";
import { Reloader } from "./reloader.ts";

/** Serves a configuration until a signal ends it. */
export interface ServeOptions {
  readonly config: Config;
  /** Reads the configuration anew; absent where there is nothing to read. */
  readonly load?: () => Promise<LoadResult>;
  /** Called once every listener is open. */
  readonly onReady?: (supervisor: Supervisor) => void;
}

/** Runs the balancer; resolves when it has stopped. */
export async function serve({ config, load, onReady }: ServeOptions): Promise<ExitCode> {
  using log = tryOpen("log", config.log.file, () => openLog(config.log));
  if (log === undefined) return EXIT.config;
  const { accessLog } = config;
  // Closed after the supervisor, whose threads still hand over lines at their end.
  await using access = tryOpen("access log", accessLog?.file, () => {
    return new AccessOutput({ config: accessLog, log, clock: systemClock });
  });
  if (access === undefined) return EXIT.config;
  await using traces = new TraceExport({ config: config.tracing, log, clock: systemClock });
  using _rejections = keepAlive(log);
  // Before any socket is opened, and before the permission for it is given up.
  const { congestionControl } = config;
  if (congestionControl !== undefined) {
    await setCongestionControl(congestionControl, { kernel: sysctl, log });
  }
  await dropUnneeded();
  // Before the first connection can come: a signal that nobody listens for would cut it.
  const reloader = new Reloader(load, log);
  using stop = listenForSignals([log, access], log, () => void reloader.reload());
  using supervisor = await tryStart(config, { log, access, traces });
  if (supervisor === undefined) return EXIT.listen;
  const admin = tryStartAdmin(config, { supervisor, reloader, log });
  if (admin === "failed") return EXIT.listen;
  announce(config);
  reloader.begin(supervisor);
  onReady?.(supervisor);
  await untilStopped(supervisor, stop, log);
  await admin?.stop();
  log.write({ level: "info", message: "Stopped", fields: {} });
  return EXIT.ok;
}

/** The first signal drains; a second one does not wait for that to end. */
async function untilStopped(
  supervisor: Supervisor,
  stop: StopSignals,
  log: OperationalLog,
): Promise<void> {
  await stop.first;
  log.write({ level: "info", message: "Draining: a second signal stops at once", fields: {} });
  await Promise.race([supervisor.drain(), stop.second]);
}

/** The signals that end the process, as they come. */
interface StopSignals extends Disposable {
  readonly first: Promise<void>;
  readonly second: Promise<void>;
}

function listenForSignals(
  files: readonly { reopen(): void }[],
  log: OperationalLog,
  reload: () => void,
): StopSignals {
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  let firstAtMs: number | undefined;
  const stop = (sameWithinMs: number) => {
    const nowMs = systemClock.now();
    if (firstAtMs !== undefined && nowMs - firstAtMs >= sameWithinMs) second.resolve();
    firstAtMs ??= nowMs;
    first.resolve();
  };
  const signals = onSignals({
    stop: () => stop(0),
    interrupt: () => stop(SAME_INTERRUPT_MS),
    reload,
    reopenLogs: () => {
      for (const file of files) reopen(file, log);
    },
  });
  return {
    first: first.promise,
    second: second.promise,
    [Symbol.dispose]: () => signals[Symbol.dispose](),
  };
}

const SAME_INTERRUPT_MS = 500;

function reopen(file: { reopen(): void }, log: OperationalLog): void {
  try {
    file.reopen();
  } catch (error) {
    // The old file is still open, so this line has somewhere to go.
    const fields = { error: messageOf(error) };
    log.write({ level: "error", message: "Cannot reopen the log file", fields });
  }
}

function tryOpen<T>(what: string, file: string | undefined, open: () => T): T | undefined {
  try {
    return open();
  } catch (error) {
    printError(`weir: cannot open ${what} file "${file}": ${messageOf(error)}`);
    return undefined;
  }
}

async function tryStart(
  config: Config,
  logs: Pick<SupervisorOptions, "log" | "access" | "traces">,
): Promise<Supervisor | undefined> {
  try {
    return await Supervisor.start({ config, ...logs, clock: systemClock, random: Math.random });
  } catch (error) {
    if (error instanceof StartError) {
      printError(`weir: ${error.message}`);
      return undefined;
    }
    if (!(error instanceof ListenError)) throw error;
    const listener = config.listeners.find(({ name }) => name === error.listener);
    const address = listener === undefined ? "" : formatAddress(listener.address);
    printError(`weir: cannot open listener "${error.listener}" on ${address}: ${error.message}`);
    return undefined;
  }
}

/** What the admin listener is about. */
interface Running {
  readonly supervisor: Supervisor;
  readonly reloader: Reloader;
  readonly log: OperationalLog;
}

function tryStartAdmin(
  config: Config,
  { supervisor, reloader, log }: Running,
): AdminServer | undefined | "failed" {
  if (config.admin === undefined) return undefined;
  try {
    return startAdmin({
      config: config.admin,
      log,
      isReady: () => supervisor.ready,
      status: () => ({ ...supervisor.status(), reloads: reloader.history }),
      metrics: () => supervisor.metrics(reloader.history),
    });
  } catch (error) {
    const address = formatAddress(config.admin.address);
    printError(`weir: cannot open the admin listener on ${address}: ${messageOf(error)}`);
    return "failed";
  }
}

function announce(config: Config): void {
  const threads = config.workers === 1
    ? "1 data plane thread"
    : `${config.workers} data plane threads`;
  printLine(`weir ${VERSION} is ready, ${threads}`);
  for (const listener of config.listeners) {
    const { name, address, protocol } = listener;
    printLine(
      `  ${name}  ${protocol}://${formatAddress(address)} -> ${describeTarget(config, listener)}`,
    );
  }
  if (config.admin !== undefined) {
    printLine(`  admin  http://${formatAddress(config.admin.address)}`);
  }
}

/** One unforeseen error must not end the process that carries all the traffic. */
function keepAlive(log: OperationalLog): Disposable {
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    const fields = { error: messageOf(event.reason) };
    log.write({ level: "error", message: "Unhandled rejection", fields });
  };
  addEventListener("unhandledrejection", onRejection);
  return {
    [Symbol.dispose]: () => removeEventListener("unhandledrejection", onRejection),
  };
}

/** `app (round_robin, 3 backends)`, or `4 routes`. */
function describeTarget(config: Config, listener: ListenerConfig): string {
  if (listener.protocol === "http" && listener.routes.length > 1) {
    return `${listener.routes.length} routes`;
  }
  const name = listener.protocol === "tcp" ? listener.upstream : onlyUpstream(listener);
  const upstream = config.upstreams.find((candidate) => candidate.name === name);
  if (upstream === undefined) return "1 route";
  const { length } = upstream.backends;
  return `${name} (${upstream.algorithm}, ${length} backend${length === 1 ? "" : "s"})`;
}

function onlyUpstream({ routes }: HttpListenerConfig): string | undefined {
  const action = routes[0]?.action;
  return action?.kind === "forward" && action.split.length === 1
    ? action.split[0]?.upstream
    : undefined;
}
