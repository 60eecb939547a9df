import { readProc } from "./processes.ts";
import { versionOf } from "./subjects.ts";

/** What the figures were measured on, for the line above the table. */
export async function describeMachine(weir: readonly string[] | undefined) {
  const cpu = /^model name\s*: (.*)$/m.exec(await readProc("cat", ["/proc/cpuinfo"]))?.[1];
  return {
    cpu: cpu ?? "unknown CPU",
    cores: `${navigator.hardwareConcurrency} cores`,
    kernel: `Linux ${Deno.osRelease()}`,
    deno: `Deno ${Deno.version.deno}`,
    weir: weir === undefined ? "Weir from source" : `Weir as ${weir.join(" ")}`,
    haproxy: `HAProxy ${await shortVersion("haproxy")}`,
    nginx: `NGINX ${await shortVersion("nginx")}`,
    wrk: `wrk ${await shortVersion("wrk")}`,
    date: new Date().toISOString().slice(0, 10),
  };
}

async function shortVersion(program: string): Promise<string> {
  const line = await versionOf(program);
  return line === undefined ? "not installed" : /\d+\.\d+(\.\d+)?/.exec(line)?.[0] ?? "unknown";
}
