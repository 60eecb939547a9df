/** What the process does at a signal. */
export interface SignalActions {
  /** SIGTERM. */
  readonly stop: () => void;
  /** SIGINT, which one Ctrl-C can send twice: from the terminal, and handed on by `deno task`. */
  readonly interrupt: () => void;
  /** SIGHUP. */
  readonly reload: () => void;
  /** SIGUSR2. SIGUSR1 belongs to the runtime: it opens the inspector. */
  readonly reopenLogs: () => void;
}

/** Listens for signals until disposed. */
export function onSignals(actions: SignalActions): Disposable {
  const bound = (Deno.build.os === "windows" ? WINDOWS_SIGNALS : SIGNALS)
    .map(([signal, action]) => [signal, () => actions[action]()] as const);
  for (const [signal, run] of bound) Deno.addSignalListener(signal, run);
  return {
    [Symbol.dispose]() {
      for (const [signal, run] of bound) Deno.removeSignalListener(signal, run);
    },
  };
}

const WINDOWS_SIGNALS: readonly (readonly [Deno.Signal, keyof SignalActions])[] = [
  ["SIGINT", "interrupt"],
];
const SIGNALS: readonly (readonly [Deno.Signal, keyof SignalActions])[] = [
  ...WINDOWS_SIGNALS,
  ["SIGTERM", "stop"],
  ["SIGHUP", "reload"],
  ["SIGUSR2", "reopenLogs"],
];
