import { assertEquals } from "@std/assert";
import type { Config } from "../../lib/config/types.ts";
import { parseAddress } from "../../lib/core/address.ts";
import { sandboxPermissions } from "../../lib/runtime/sandbox.ts";
import { exchange } from "../support/clients.ts";
import { freeAddress } from "../support/free_port.ts";
import { TempFolder } from "../support/paths.ts";
import type { Endpoint, ProbeMessage, ProbeResult } from "../support/sandbox_probe.ts";
import { Scenario } from "../support/scenario.ts";
import { loadedConfig } from "../support/loaded_config.ts";
import { echo } from "../support/servers.ts";
import { within } from "../support/wait.ts";

Deno.test("a worker reaches what the configuration names and nothing else", async () => {
  await using backend = echo();
  await using elsewhere = echo();
  const listen = freeAddress();
  const config = await loadedConfig({ listen, backends: [backend.address] });

  const result = await probe(config, {
    backend: endpoint(backend.address),
    listen: endpoint(listen),
    elsewhere: endpoint(elsewhere.address),
  });

  const { "connect to a backend": connect, "listen where configured": open, ...rest } = result;
  assertEquals({ connect, open }, { connect: "done", open: "done" });
  // What no permission guards is not there.
  const {
    "signal its own process": kill,
    "catch signals": listenForSignals,
    "keep a cache on the disk": cache,
    ...others
  } = rest;
  assertEquals({ kill, listenForSignals, cache }, {
    kill: "TypeError: Deno.kill is not a function",
    listenForSignals: "TypeError: Deno.addSignalListener is not a function",
    cache: "ReferenceError: caches is not defined",
  });
  assertEquals(others, Object.fromEntries(Object.keys(others).map((key) => [key, "NotCapable"])));
  assertEquals(Object.keys(others).length, 13);
  assertEquals(elsewhere.accepted, 0);
});

Deno.test("the process asks for the network addresses of its configuration and no others", async () => {
  await using folder = await TempFolder.create();
  await using server = echo();
  const audit = `${folder.path}/audit.jsonl`;
  await using scenario = await Scenario.start({
    backends: [server.address],
    launch: { env: { DENO_AUDIT_PERMISSIONS: audit } },
  });
  using conn = await scenario.connect();
  await exchange(conn, "hello");
  assertEquals(await scenario.readiness(), 200);
  await conn.closeWrite();
  await scenario.stop();

  const asked = await auditedNet(audit);

  const configured = [scenario.address, scenario.admin, server.address].sort();
  assertEquals(asked, configured);
});

/** Runs the probe with exactly the permissions of a data plane thread. */
async function probe(config: Config, message: ProbeMessage): Promise<ProbeResult> {
  const worker = new Worker(new URL("../support/sandbox_probe.ts", import.meta.url), {
    type: "module",
    deno: { permissions: sandboxPermissions(config) },
  });
  try {
    const result = Promise.withResolvers<ProbeResult>();
    worker.onmessage = (event: MessageEvent<ProbeResult>) => result.resolve(event.data);
    worker.onerror = (event) => {
      event.preventDefault();
      result.reject(new Error(event.message));
    };
    worker.postMessage(message);
    return await within("the probe", result.promise);
  } finally {
    worker.terminate();
  }
}

function endpoint(text: string): Endpoint {
  const address = parseAddress(text);
  if (address.kind !== "tcp") throw new TypeError(`Cannot use "${text}": not TCP`);
  return { hostname: address.hostname, port: address.port };
}

/** Every address that a permission was asked for, once. Making a worker asks for `net` as such. */
async function auditedNet(path: string): Promise<unknown[]> {
  const lines = (await Deno.readTextFile(path)).trim().split("\n");
  const entries = lines.map((line) => JSON.parse(line) as { permission: string; value: unknown });
  const net = entries.filter(({ permission }) => permission === "net").map(({ value }) => value);
  return [...new Set(net)].filter((value) => value !== null).sort();
}
