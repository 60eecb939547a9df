import { formatProblems, loadConfigText, systemEnvironment } from "../config/load.ts";
import type { Config } from "../config/types.ts";
import { messageOf } from "../core/errors.ts";
import type { Supervisor } from "../runtime/supervisor.ts";
import { DemoBackend } from "./demo_backend.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { LiveLine } from "./live_line.ts";
import { printError, printLine } from "./output.ts";
import { serve } from "./serve.ts";

/** `weir --demo`: shows what Weir does on a machine where nothing else runs. */
export async function demo(override: (config: Config) => Config): Promise<ExitCode> {
  const names = ["backend-1", "backend-2", "backend-3"];
  using stack = new DisposableStack();
  const backends = names.map((name) => stack.use(new DemoBackend(name)));
  const port = freePort(PREFERRED_PORT);
  const text = demoConfig(port, backends);
  const loaded = await loadConfigText("demo.yaml", text, systemEnvironment());
  if (!loaded.ok) {
    printError(formatProblems(loaded.problems).join("\n"));
    return EXIT.internal;
  }
  printLine(
    `Three backends are up on free ports. The configuration of this demonstration:\n\n${text}`,
  );
  return await serve({
    config: override(loaded.config),
    onReady: (supervisor) => {
      stack.use(show(supervisor, port));
    },
  });
}

const PREFERRED_PORT = 8080;
const OPENING_REQUESTS = 12;

function demoConfig(port: number, backends: readonly DemoBackend[]): string {
  const lines = backends.map(({ name, port }) =>
    `      - { name: ${name}, address: 127.0.0.1:${port} }`
  );
  return [
    "listeners:",
    `  - { name: demo, address: 127.0.0.1:${port}, protocol: tcp, upstream: app }`,
    "upstreams:",
    "  app:",
    "    algorithm: round_robin",
    "    health_check: { type: tcp, interval: 2s }",
    "    backends:",
    ...lines,
    "",
  ].join("\n");
}

/** Sends the first requests itself, then shows what everybody's traffic does. */
function show(supervisor: Supervisor, port: number): Disposable {
  const live = new LiveLine(() => supervisor.status());
  printLine(`\nSending ${OPENING_REQUESTS} requests to 127.0.0.1:${port} to begin with:`);
  // Failures show as missing answers; nothing else waits for these requests.
  void sendRequests(port).then(() => {
    printLine(
      `\nNow it is your turn. In another terminal:\n\n` +
        `  curl http://127.0.0.1:${port}/                 # an answer from the next backend\n` +
        `  nc 127.0.0.1 ${port}                           # type a line, it comes back\n` +
        `  for i in 1 2 3; do curl -s http://127.0.0.1:${port}/; done\n\n` +
        `Connections per backend, as they come (Ctrl-C ends it):`,
    );
    live.start();
  });
  return live;
}

async function sendRequests(port: number): Promise<void> {
  for (let i = 0; i < OPENING_REQUESTS; i++) {
    try {
      printLine(`  ${await request(port)}`);
    } catch (error) {
      printLine(`  no answer: ${messageOf(error)}`);
    }
  }
}

/** The body of one answer. Not `fetch`: that would go through a proxy that the environment names. */
async function request(port: number): Promise<string> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await conn.write(new TextEncoder().encode("GET / HTTP/1.1\r\nhost: demo\r\n\r\n"));
  const answer = await new Response(conn.readable).text();
  return answer.split("\r\n\r\n")[1]?.trim() ?? "";
}

/** `preferred` when nobody has it, else one that the system gives. */
function freePort(preferred: number): number {
  for (const port of [preferred, 0]) {
    try {
      using listener = Deno.listen({ hostname: "127.0.0.1", port });
      return listener.addr.port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error("Cannot find a free port");
}
