import { V8_FLAGS } from "../../tools/v8_flags.ts";
import { type Backends, nginxArgv, waitUntilAnswers, type Workplace } from "./backends.ts";
import {
  haproxyHttp,
  haproxyHttps,
  nginxHttp,
  nginxHttps,
  weirHttp,
  weirHttps,
} from "./http_configs.ts";
import { type Files, type Plan, SNI_NAME } from "./plan.ts";
import { freePorts, type Process } from "./processes.ts";
import { haproxyReencrypt, nginxReencrypt, weirReencrypt } from "./reencrypt.ts";
import { haproxySni, nginxSni, weirSni } from "./sni_configs.ts";
import { haproxyTcp, nginxTcp, weirTcp } from "./tcp_configs.ts";

/** What a subject balances. */
export type Mode = "tcp" | "http" | "https" | "sni" | "reencrypt";

/** One load balancer to measure. */
export interface Subject {
  readonly id: string;
  readonly title: string;
  /** Why it cannot be measured here, or `undefined`. */
  missing(modes: ReadonlySet<Mode>): Promise<string | undefined>;
  readonly configure: Readonly<Partial<Record<Mode, (plan: Plan) => string>>>;
  argv(files: Files): readonly string[];
}

/** A subject that runs. */
export interface Running {
  readonly subject: Subject;
  readonly process: Process;
  readonly port: number;
  /** Without a path. */
  readonly url: string;
}

/** Everything a subject needs to start. */
export interface Setting extends Workplace {
  readonly backends: Backends;
  readonly threads: number;
  readonly mode: Mode;
}

/** Starts a subject on a free port; resolves when a request through it has been answered. */
export async function startSubject(subject: Subject, setting: Setting): Promise<Running> {
  const [port = 0] = freePorts(1);
  const { directory, threads, mode } = setting;
  const config = `${directory}/${subject.id}-${mode}.conf`;
  const { ports: backends, tlsPorts: tlsBackends, authority } = setting.backends;
  const caFile = `${directory}/ca.pem`;
  const plan = { port, backends, tlsBackends, caFile, threads, directory, config };
  const configure = subject.configure[mode];
  if (configure === undefined) throw new Error(`Cannot measure ${subject.title}: no ${mode} in it`);
  await Deno.writeTextFile(config, configure(plan));
  const process = setting.processes.start({
    name: subject.id,
    argv: subject.argv(plan),
    cwd: projectRoot(),
  });
  await waitUntilAnswers(process, port, TLS_MODES.has(mode) ? authority : undefined);
  return { subject, process, port, url: urlOf(mode, port) };
}

/** What clients speak TLS with, and need a name for. */
const TLS_MODES: ReadonlySet<Mode> = new Set(["https", "sni"]);

function urlOf(mode: Mode, port: number): string {
  return TLS_MODES.has(mode) ? `https://${SNI_NAME}:${port}` : `http://127.0.0.1:${port}`;
}

/** The subjects, Weir first: ratios are Weir over the others. */
export function createSubjects(weirCommand: readonly string[] = weirFromSource()): Subject[] {
  return [
    {
      id: "weir",
      title: "Weir",
      missing: () => Promise.resolve(undefined),
      configure: {
        tcp: weirTcp,
        http: weirHttp,
        https: weirHttps,
        sni: weirSni,
        reencrypt: weirReencrypt,
      },
      argv: ({ config }) => [...weirCommand, "--config", config],
    },
    {
      id: "haproxy",
      title: "HAProxy",
      missing: async () => await versionOf("haproxy") === undefined ? "not installed" : undefined,
      configure: {
        tcp: haproxyTcp,
        http: haproxyHttp,
        https: haproxyHttps,
        sni: haproxySni,
        reencrypt: haproxyReencrypt,
      },
      argv: ({ config }) => ["haproxy", "-db", "-f", config],
    },
    createNginx(),
  ];
}

/** First line of what `program -v` says, or `undefined` when there is no such program. */
export async function versionOf(program: string, flag = "-v"): Promise<string | undefined> {
  const command = new Deno.Command(program, { args: [flag], stdin: "null" });
  try {
    const { stdout, stderr } = await command.output();
    return new TextDecoder().decode(stdout.length > 0 ? stdout : stderr).split("\n")[0]?.trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Where main.ts is. */
export function projectRoot(): string {
  return new URL("../..", import.meta.url).pathname;
}

/** The command that runs this project's `main.ts`. */
export function weirFromSource(): string[] {
  const permissions = ["net", "read", "write", "env"].map((name) => `--allow-${name}`);
  return [Deno.execPath(), "run", V8_FLAGS, "--no-prompt", ...permissions, "main.ts"];
}

/** Where NGINX is a TCP proxy. */
const STREAM_MODES: ReadonlySet<Mode> = new Set(["tcp", "sni", "reencrypt"]);

/** NGINX, whose TCP proxy may be built in, a module, or not there. */
function createNginx(): Subject {
  let loadModule = "";
  return {
    id: "nginx",
    title: "NGINX",
    async missing(modes) {
      if (modes.isDisjointFrom(STREAM_MODES)) return undefined;
      const found = await findStreamModule();
      if (found === undefined) return "no stream module";
      loadModule = found === "built in" ? "" : `load_module ${found};`;
      return undefined;
    },
    configure: {
      tcp: (plan) => `${loadModule}\n${nginxTcp(plan)}`,
      http: nginxHttp,
      https: nginxHttps,
      sni: (plan) => `${loadModule}\n${nginxSni(plan)}`,
      reencrypt: (plan) => `${loadModule}\n${nginxReencrypt(plan)}`,
    },
    argv: ({ config, directory }) => nginxArgv(config, directory),
  };
}

async function findStreamModule(): Promise<string | undefined> {
  const command = new Deno.Command("nginx", { args: ["-V"], stdin: "null" });
  const flags = new TextDecoder().decode((await command.output()).stderr).split(/\s+/);
  if (flags.includes("--with-stream")) return "built in";
  const folder = flags.find((flag) => flag.startsWith("--modules-path="))?.split("=")[1];
  const path = `${folder}/ngx_stream_module.so`;
  return await Deno.stat(path).then(() => path, () => undefined);
}
