import { V8_FLAGS } from "../../tools/v8_flags.ts";
import { type Backends, nginxArgv, waitUntilAnswers, type Workplace } from "./backends.ts";
import { freePorts, type Process } from "./processes.ts";

/** HAProxy needs two descriptors a connection; 20,000 may be open. */
const MAX_CONNECTIONS = 8000;

/** One load balancer to measure. */
export interface Subject {
  readonly id: string;
  readonly title: string;
  /** Why it cannot be measured here, or `undefined`. */
  missing(): Promise<string | undefined>;
  configure(plan: Plan): string;
  argv(files: Files): readonly string[];
}

/** A subject that runs. */
export interface Running {
  readonly subject: Subject;
  readonly process: Process;
  readonly port: number;
}

/** What a configuration is made of. */
export interface Plan extends Files {
  readonly port: number;
  readonly backends: readonly number[];
  readonly threads: number;
}

/** Where a subject finds its configuration. */
export interface Files {
  readonly directory: string;
  readonly config: string;
}

/** Everything a subject needs to start. */
export interface Setting extends Workplace {
  readonly backends: Backends;
  readonly threads: number;
}

/** Starts a subject on a free port; resolves when a request through it has been answered. */
export async function startSubject(subject: Subject, setting: Setting): Promise<Running> {
  const [port = 0] = freePorts(1);
  const { directory, threads } = setting;
  const config = `${directory}/${subject.id}.conf`;
  const plan = { port, backends: setting.backends.ports, threads, directory, config };
  await Deno.writeTextFile(config, subject.configure(plan));
  const process = setting.processes.start({
    name: subject.id,
    argv: subject.argv(plan),
    cwd: projectRoot(),
  });
  await waitUntilAnswers(process, port);
  return { subject, process, port };
}

/** The subjects, Weir first: ratios are Weir over the others. */
export function createSubjects(weirCommand: readonly string[] = weirFromSource()): Subject[] {
  return [
    {
      id: "weir",
      title: "Weir",
      missing: () => Promise.resolve(undefined),
      configure: weirConfig,
      argv: ({ config }) => [...weirCommand, "--config", config],
    },
    {
      id: "haproxy",
      title: "HAProxy",
      missing: async () => await versionOf("haproxy") === undefined ? "not installed" : undefined,
      configure: haproxyConfig,
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

function weirFromSource(): string[] {
  const permissions = ["net", "read", "write", "env"].map((name) => `--allow-${name}`);
  return [Deno.execPath(), "run", V8_FLAGS, "--no-prompt", ...permissions, "main.ts"];
}

function weirConfig({ port, backends, threads }: Plan): string {
  const list = backends.map((backend) => `{ address: "127.0.0.1:${backend}" }`).join(", ");
  return `
workers: ${threads}
listeners:
  - name: bench
    address: "127.0.0.1:${port}"
    protocol: tcp
    upstream: app
    limits: { max_connections: 20000 }
upstreams:
  app:
    algorithm: round_robin
    backends: [${list}]
    health_check: { type: none }
`;
}

function haproxyConfig({ port, backends, threads }: Plan): string {
  const servers = backends.map((backend, i) => `  server s${i} 127.0.0.1:${backend}`).join("\n");
  return `
global
  nbthread ${threads}
  maxconn ${MAX_CONNECTIONS}
defaults
  mode tcp
  maxconn ${MAX_CONNECTIONS}
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen bench
  bind 127.0.0.1:${port}
  balance roundrobin
${servers}
`;
}

/** NGINX as a TCP proxy, which may be built in, a module, or not there. */
function createNginx(): Subject {
  let loadModule = "";
  return {
    id: "nginx",
    title: "NGINX",
    async missing() {
      const found = await findStreamModule();
      if (found === undefined) return "no stream module";
      loadModule = found === "built in" ? "" : `load_module ${found};`;
      return undefined;
    },
    configure: (plan) => `${loadModule}\n${nginxConfig(plan)}`,
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

function nginxConfig({ port, backends, threads, directory }: Plan): string {
  const servers = backends.map((backend) => `server 127.0.0.1:${backend};`).join(" ");
  return `
worker_processes ${threads};
worker_rlimit_nofile 18000;
pid ${directory}/nginx.pid;
events { worker_connections ${2 * MAX_CONNECTIONS}; }
stream {
  access_log off;
  upstream app { ${servers} }
  server { listen 127.0.0.1:${port} backlog=4096; proxy_pass app; proxy_timeout 60s; }
}
`;
}
