import { BackendWatch } from "./backend_watch.ts";
import { CLIENTS, closedLoad, KILL_REQUESTS } from "./closed_load.ts";
import { startHttp } from "./http_scenario.ts";
import { SickBackend } from "./sick_backend.ts";

/** What came of a backend that was killed under clients that ask as fast as they are answered. */
export interface KillResult {
  readonly title: string;
  readonly by: string;
  /** From the kill to when it was held off, in milliseconds; `Infinity`: never. */
  readonly quietMs: number;
  /** Attempts on it that failed. */
  readonly attempts: number;
  readonly requests: number;
  readonly failed: number;
}

/** Kills one of three backends when half of the requests are done. */
export async function runKill(method: keyof typeof KILL_REQUESTS): Promise<KillResult> {
  await using stack = new AsyncDisposableStack();
  const backends = await Promise.all(["one", "two", "three"].map(async (name) => {
    return stack.use(await SickBackend.start({ name }));
  }));
  const scenario = stack.use(
    await startHttp({
      backends: backends.map(({ address, name }) => ({ address, name })),
      workers: 2,
      upstream: { health_check: { interval: "30s" } },
    }),
  );
  const watch = stack.use(new BackendWatch(scenario, 1));
  let killedAtMs = NaN;
  const results = await closedLoad(scenario, KILL_REQUESTS[method], () => {
    backends[1]!.signal("SIGKILL");
    killedAtMs = performance.now();
  });
  const found = watch.looks.find(({ by }) => by !== undefined);
  const status = (await scenario.backendStatus())[1]!;
  return {
    title: `killed under ${CLIENTS} clients, ${method}`,
    by: found?.by ?? "nothing",
    quietMs: (found?.atMs ?? Infinity) - killedAtMs,
    attempts: status.failures + status.connectFailures,
    requests: results.length,
    failed: results.filter((result) => !/^(one|two|three)$/.test(result)).length,
  };
}
