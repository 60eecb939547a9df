import type { Running, Setting } from "./subjects.ts";

/** Loads a subject with as much as it takes. */
export interface WrkRun {
  readonly running: Running;
  readonly seconds: number;
  readonly flags?: readonly string[];
  readonly path?: string;
}

/** What came of it. */
export interface WrkResult {
  readonly requests: number;
  readonly seconds: number;
  readonly failures: readonly string[];
}

const WRK_CONNECTIONS = 64;

/** Runs wrk to its end. @throws {Error} when it cannot run; bad answers are in the result. */
export async function wrk({ processes, mode }: Setting, run: WrkRun): Promise<WrkResult> {
  const { running, seconds, flags = [], path = "/" } = run;
  const load = ["-t1", `-c${WRK_CONNECTIONS}`, `-d${seconds}s`];
  const url = `${mode === "https" ? mode : "http"}://127.0.0.1:${running.port}${path}`;
  const argv = ["wrk", ...load, ...flags, url];
  const { success, stdout, stderr } = await processes.run({ name: "wrk", argv });
  if (!success) throw new Error(`Cannot run wrk: ${stderr || stdout}`);
  return parseWrk(stdout);
}

function parseWrk(text: string): WrkResult {
  const [, requests = "0", time = "1", unit = "s"] =
    /(\d+) requests in ([\d.]+)(ms|s|m),/.exec(text) ?? [];
  const scale = { ms: 0.001, s: 1, m: 60 }[unit] ?? 1;
  // wrk prints these two lines only when they hold something other than zero.
  const failures = text.split("\n").map((line) => line.trim())
    .filter((line) => /^(Socket errors|Non-2xx)/.test(line)).map((line) => `wrk: ${line}`);
  if (requests === "0") failures.push("wrk: no request was answered");
  return { requests: Number(requests), seconds: Number(time) * scale, failures };
}
