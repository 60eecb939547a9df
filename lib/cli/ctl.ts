import { nearest } from "../core/suggest.ts";
import type { BackendStatus, Status, UpstreamStatus } from "../runtime/status.ts";
import type { Changed, NotChanged } from "../admin/change_result.ts";
import {
  ADMIN_FLAGS,
  AdminClient,
  AdminError,
  type AdminRequest,
  RELOAD_TIMEOUT_MS,
} from "./admin_client.ts";
import { saveChanges, savedText } from "./ctl_save.ts";
import { backendsText, changedText, statusText } from "./ctl_text.ts";
import { eventText, readEvents } from "./event_lines.ts";
import { changeText } from "./diff_text.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { findBackend } from "./find_backend.ts";
import { type Flag, type FlagValues, UsageError } from "./flags.ts";
import { columns, type Command } from "./help.ts";
import { printError, printLine } from "./output.ts";

interface Action {
  readonly name: string;
  /** What it takes, as the help shows it. */
  readonly operands: readonly string[];
  /** Operands that may be left out. */
  readonly optional?: number;
  readonly help: string;
  readonly run: (call: ActionCall) => Promise<ExitCode>;
}

interface ActionCall {
  readonly client: AdminClient;
  readonly operands: readonly string[];
  readonly isJson: boolean;
  readonly flags: FlagValues;
}

const ACTIONS: readonly Action[] = [
  { name: "status", operands: [], help: "Listeners and upstreams in short.", run: showStatus },
  { name: "backends", operands: [], help: "Every backend.", run: showBackends },
  {
    name: "drain",
    operands: ["B"],
    help: "No new work for B; what is open may end.",
    run: (call) => change(call, { state: "drain" }),
  },
  {
    name: "maintenance",
    operands: ["B"],
    help: "As drain; also stops its health checks and closes idle connections.",
    run: (call) => change(call, { state: "maintenance" }),
  },
  {
    name: "ready",
    operands: ["B"],
    optional: 1,
    help: "Gives B work again. Without B: is Weir ready? Exit 0 or 1.",
    run: (call) => call.operands.length === 0 ? checkReady(call) : change(call, { state: "ready" }),
  },
  {
    name: "weight",
    operands: ["B", "N"],
    help: "Gives B the share N, 0 to 65535, until Weir ends.",
    run: (call) => change(call, { weight: readWeight(call.operands[1] ?? "") }),
  },
  {
    name: "log",
    operands: ["LEVEL"],
    help: "Sets the least severe level that is logged, until Weir ends.",
    run: setLogLevel,
  },
  {
    name: "add",
    operands: ["U", "ADDR"],
    help: "Adds a backend to upstream U, until it is removed or the file names it.",
    run: add,
  },
  {
    name: "remove",
    operands: ["U", "B"],
    help: "Takes B out of upstream U; what is open may end within shutdown_timeout.",
    run: remove,
  },
  {
    name: "save",
    operands: [],
    help: "Writes what add, remove and weight changed into the file, or into a copy: --to FILE.",
    run: save,
  },
  {
    name: "reload",
    operands: [],
    help: "Reads the configuration again, and says what changed or what is wrong with it.",
    run: reload,
  },
  { name: "events", operands: [], help: "Prints what happens, as it happens.", run: showEvents },
];

const NEW_BACKEND_FLAGS: readonly Flag[] = [
  { name: "weight", value: "N", help: "add: its share, 0 to 65535." },
  { name: "name", value: "S", help: "add: its name; the address unless it is set." },
  { name: "zone", value: "S", help: "add: where it stands." },
  { name: "max-connections", value: "N", help: "add: most work on it at once." },
  { name: "backup", help: "add: it gets work only when no other can take it." },
];

export const CTL: Command = {
  name: "ctl",
  summary: "Look at and change a running Weir.",
  operands: "ACTION [WORD]...",
  flags: [
    ...ADMIN_FLAGS,
    {
      name: "format",
      value: "text|json",
      choices: ["text", "json"],
      help: "How answers are printed.",
    },
    ...NEW_BACKEND_FLAGS,
    { name: "to", value: "FILE", help: "save: where to, instead of the file that Weir runs on." },
  ],
  notes: [
    "Actions:",
    "",
    ...columns(ACTIONS.map((action) => [usageOf(action), action.help])),
    "",
    "B is `upstream/backend`, or the name of a backend that is in one upstream only.",
    "Exit codes: 0 done, 1 refused by Weir, 2 wrong usage, 69 Weir cannot be reached (1 for `ready`",
    "without B, as container engines want it).",
  ],
};

/** `weir ctl`. */
export async function ctl(flags: FlagValues, words: readonly string[]): Promise<ExitCode> {
  const [name, ...operands] = words;
  const action = ACTIONS.find((action) => action.name === name);
  if (action === undefined) throw new UsageError(explainUnknown(name));
  const most = action.operands.length;
  if (operands.length > most || operands.length < most - (action.optional ?? 0)) {
    throw new UsageError(`wrong number of words: use \`weir ctl ${usageOf(action)}\``);
  }
  const client = await AdminClient.fromFlags(flags);
  return await action.run({ client, operands, isJson: flags["format"] === "json", flags });
}

async function showStatus({ client, isJson }: ActionCall): Promise<ExitCode> {
  const status = await client.json({ method: "GET", path: "/api/v1/status" });
  printLine(isJson ? formatJson(status) : statusText(status as Status));
  return EXIT.ok;
}

async function showBackends({ client, isJson }: ActionCall): Promise<ExitCode> {
  const upstreams = await upstreamsOf(client);
  const backends = upstreams.flatMap(({ name: upstream, backends }) => {
    return backends.map((backend) => ({ upstream, ...backend }));
  });
  printLine(isJson ? formatJson(backends) : backendsText(upstreams));
  return EXIT.ok;
}

/** Who is not reached is not ready: container engines know no other codes than 0 and 1. */
async function checkReady({ client, isJson }: ActionCall): Promise<ExitCode> {
  const { status, text } = await client.send({ method: "GET", path: "/readyz" })
    .catch((error) => {
      if (!(error instanceof AdminError)) throw error;
      throw new AdminError(error.message, EXIT.refused);
    });
  const ready = status === 200;
  printLine(isJson ? formatJson({ ready }) : text.trim());
  return ready ? EXIT.ok : EXIT.refused;
}

async function change(
  { client, operands: [name = ""], isJson }: ActionCall,
  body: { readonly state?: string; readonly weight?: number },
): Promise<ExitCode> {
  const { upstream, backend } = findBackend(await upstreamsOf(client), name);
  const path = `${backendsPath(upstream)}/${encodeURIComponent(backend)}`;
  const changed = await client.json({ method: "PATCH", path, body });
  printLine(isJson ? formatJson(changed) : changedText(upstream, changed as BackendStatus));
  return EXIT.ok;
}

async function reload(call: ActionCall): Promise<ExitCode> {
  return await changeConfig(call, { method: "POST", path: "/api/v1/reload", body: {} });
}

async function add(call: ActionCall): Promise<ExitCode> {
  const { operands: [upstream = "", address], flags } = call;
  const given = NEW_BACKEND_FLAGS.flatMap(({ name }) => {
    return flags[name] === undefined ? [] : [[name.replace("-", "_"), flags[name]]];
  });
  const body = { address, ...Object.fromEntries(given) };
  return await changeConfig(call, { method: "POST", path: backendsPath(upstream), body });
}

async function remove(call: ActionCall): Promise<ExitCode> {
  const { operands: [upstream = "", backend = ""] } = call;
  const path = `${backendsPath(upstream)}/${encodeURIComponent(backend)}`;
  return await changeConfig(call, { method: "DELETE", path });
}

async function save({ client, flags, isJson }: ActionCall): Promise<ExitCode> {
  const { to } = flags;
  const saved = await saveChanges(client, typeof to === "string" ? to : undefined);
  printLine(isJson ? formatJson(saved) : savedText(saved));
  return EXIT.ok;
}

function backendsPath(upstream: string): string {
  return `/api/v1/upstreams/${encodeURIComponent(upstream)}/backends`;
}

/** Has the configuration changed: prints what that came to, or the problems as they are. */
async function changeConfig(
  { client, isJson }: ActionCall,
  request: AdminRequest,
): Promise<ExitCode> {
  const answer = await client.send({ ...request, timeoutMs: RELOAD_TIMEOUT_MS });
  const isRefused = answer.status === 409 || answer.status === 422;
  const result = isRefused ? JSON.parse(answer.text) : client.read(answer);
  if (isJson) printLine(formatJson(result));
  else if (isRefused) printError((result as NotChanged).problems.join("\n"));
  else printLine(changeText(result as Changed));
  return isRefused ? EXIT.refused : EXIT.ok;
}

async function setLogLevel(
  { client, operands: [level], isJson }: ActionCall,
): Promise<ExitCode> {
  const answer = await client.json({ method: "PUT", path: "/api/v1/log", body: { level } });
  printLine(isJson ? formatJson(answer) : `log level: ${(answer as { level: string }).level}`);
  return EXIT.ok;
}

async function showEvents({ client, isJson }: ActionCall): Promise<ExitCode> {
  for await (const event of readEvents(client.stream("/api/v1/events?stats=0"))) {
    printLine(isJson ? `{"type":"${event.type}",${event.data.slice(1)}` : eventText(event));
  }
  return EXIT.ok;
}

async function upstreamsOf(client: AdminClient): Promise<readonly UpstreamStatus[]> {
  return await client.json({ method: "GET", path: "/api/v1/upstreams" }) as UpstreamStatus[];
}

function readWeight(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new UsageError(`weight must be a whole number from 0 to 65535: current value is "${text}"`);
}

function explainUnknown(name: string | undefined): string {
  const names = ACTIONS.map(({ name }) => name);
  if (name === undefined) return `ctl needs an action: ${names.join(", ")}`;
  const meant = nearest(name, names);
  const hint = meant === undefined ? `known are ${names.join(", ")}` : `did you mean "${meant}"?`;
  return `unknown action "${name}": ${hint}`;
}

function usageOf({ name, operands, optional = 0 }: Action): string {
  const shown = operands.map((operand, place) => {
    return place >= operands.length - optional ? `[${operand}]` : operand;
  });
  return [name, ...shown].join(" ");
}

function formatJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}
