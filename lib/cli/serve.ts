import type { LoadResult } from "../config/load.ts";
import type { Config, HttpListenerConfig, ListenerConfig } from "../config/types.ts";
import { formatAddress } from "../core/address.ts";
import { messageOf } from "../core/errors.ts";
import { VERSION } from "../core/version.ts";
import { AccessOutput } from "../runtime/access_output.ts";
import { ListenError } from "../runtime/listen_error.ts";
import { setCongestionControl } from "../runtime/congestion_control.ts";
import { giveBackMemory } from "../runtime/give_back_memory.ts";
import { openLog, type OperationalLog } from "../runtime/logging.ts";
import { Notifier } from "../runtime/notifier.ts";
import { dropUnneeded, StartError } from "../runtime/sandbox.ts";
import { onSignals } from "../runtime/signals.ts";
import { Supervisor } from "../runtime/supervisor.ts";
import type { SupervisorOptions } from "../runtime/supervisor_options.ts";
import { sysctl } from "../runtime/sysctl.ts";
import { TraceExport } from "../runtime/trace_export.ts";
import { systemClock } from "../runtime/system_clock.ts";
import { AdminPart } from "./admin_part.ts";
import { type ConfigSources, WatchSwitch } from "./config_watch.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { printError, printLine } from "./output.ts";
import { Reloader } from "./reloader.ts";

/** Serves a configuration until a signal ends it. */
export interface ServeOptions {
  readonly config: Config;
  /** Reads the configuration anew; absent where there is nothing to read. */
  readonly load?: () => Promise<LoadResult>;
  /** What flags say goes before what the file says. */
  readonly override?: (config: Config) => Config;
  /** What the configuration was read from. */
  readonly sources?: ConfigSources;
  /** Called once every listener is open. */
  readonly onReady?: (supervisor: Supervisor) => void;
}

/** Runs the balancer; resolves when it has stopped. */
export async function serve(options: ServeOptions): Promise<ExitCode> {
  const { config, load, override, sources, onReady } = options;
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
  const admin = new AdminPart({ log });
  using watch = new WatchSwitch({
    clock: systemClock,
    sources: () => reloader.sources,
    onChange: () => reloader.reloadIfChanged(),
  });
  const turnWatch = (config: Config) => watch.turn(config.watch === true ? "on" : "off");
  const reloader = new Reloader({
    config,
    load,
    override,
    sources,
    parts: [{ prepare: (next) => log.prepare(next.log) }, admin],
    onChange: turnWatch,
    log,
    emit: admin.emit,
  });
  await using notifier = openNotifier(log);
  using stop = listenForSignals([log, access], log, () => void reloadAndTell(reloader, notifier));
  using supervisor = await tryStart(config, { log, access, traces, onEvent: admin.emit });
  if (supervisor === undefined) return EXIT.listen;
  if (!await isOpened(admin, supervisor, reloader)) return EXIT.listen;
  announce(config);
  reloader.begin(supervisor);
  notifier.ready();
  giveBackMemory();
  turnWatch(config);
  onReady?.(supervisor);
  await untilStopped(supervisor, { stop, notifier, log });
  await admin.stop();
  log.write({ level: "info", message: "Stopped", fields: {} });
  return EXIT.ok;
}

/** The first signal drains; a second one does not wait for that to end. */
async function untilStopped(
  supervisor: Supervisor,
  { stop, notifier, log }: {
    readonly stop: StopSignals;
    readonly notifier: Notifier;
    readonly log: OperationalLog;
  },
): Promise<void> {
  await stop.first;
  const { shutdownDelayMs, shutdownTimeoutMs } = supervisor.config;
  notifier.stopping(shutdownDelayMs + shutdownTimeoutMs + STOP_MARGIN_MS);
  log.write({ level: "info", message: "Draining: a second signal stops at once", fields: {} });
  await Promise.race([supervisor.drain(), stop.second]);
}

/** For what comes after the last connection was cut. */
const STOP_MARGIN_MS = 5000;

function openNotifier(log: OperationalLog): Notifier {
  const { pid } = Deno;
  return new Notifier({ variable: (name) => Deno.env.get(name), pid, clock: systemClock, log });
}

async function reloadAndTell(reloader: Reloader, notifier: Notifier): Promise<void> {
  notifier.reloading();
  const result = await reloader.reload();
  notifier.reloaded(result.ok ? undefined : result.problems.join("; "));
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
  parts: Pick<SupervisorOptions, "log" | "access" | "traces" | "onEvent">,
): Promise<Supervisor | undefined> {
  try {
    return await Supervisor.start({ config, ...parts, clock: systemClock, random: Math.random });
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

async function isOpened(
  admin: AdminPart,
  supervisor: Supervisor,
  reloader: Reloader,
): Promise<boolean> {
  try {
    await admin.start(supervisor, reloader);
    return true;
  } catch (error) {
    printError(`weir: ${messageOf(error)}`);
    return false;
  }
}

function announce(config: Config): void {
  const threads = config.workers === 1
    ? "1 data plane thread"
    : `${config.workers} data plane threads`;
  printLine(`weir ${VERSION} is ready, ${threads}`);
  for (const listener of config.listeners) {
    const { name, address, protocol } = listener;
    const scheme = listener.tls === undefined ? protocol : protocol === "http" ? "https" : "tls";
    printLine(
      `  ${name}  ${scheme}://${formatAddress(address)} -> ${describeTarget(config, listener)}`,
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
  if (listener.protocol === "tcp" && listener.sni !== undefined) {
    return `${listener.sni.routes.length} server names`;
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
