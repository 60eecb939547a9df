import type { ExplainQuestion } from "../admin/explain_question.ts";
import { RequestError } from "../admin/respond.ts";
import { GuardTable } from "../core/guard_table.ts";
import { LimitTable } from "../core/limit_table.ts";
import { SharedTable } from "../core/shared_table.ts";
import type { Config } from "../config/types.ts";
import { Explainer } from "../runtime/explainer.ts";
import type { Explanation } from "../runtime/explanation.ts";
import { placeBackends, shapeOf } from "../runtime/layout.ts";
import { Overrides } from "../runtime/overrides.ts";
import { ADMIN_FLAGS, AdminClient, AdminError } from "./admin_client.ts";
import { findConfigFile, loadOrExplain } from "./config_file.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { explanationText } from "./explain_text.ts";
import { type FlagValues, UsageError } from "./flags.ts";
import type { Command } from "./help.ts";
import { printLine } from "./output.ts";

export const EXPLAIN: Command = {
  name: "explain",
  summary: "Say where a request would go, and why.",
  flags: [
    {
      name: "config",
      short: "c",
      value: "FILE",
      help: "Ask this configuration, all backends well.",
    },
    ...ADMIN_FLAGS.filter(({ name }) => name !== "config"),
    { name: "url", value: "URL", help: "http://host:port/path?query or tcp://host:port." },
    { name: "method", value: "METHOD", help: "GET unless given." },
    { name: "header", value: "NAME:VALUE", help: "A header field; any number.", repeatable: true },
    { name: "client", value: "IP", help: "Address of the client." },
    {
      name: "listener",
      value: "NAME",
      help: "The listener, where the port of the URL is not enough.",
    },
    {
      name: "format",
      value: "text|json",
      choices: ["text", "json"],
      help: "How the explanation is printed.",
    },
  ],
  notes: ["With --admin it asks the running Weir, which goes by what it knows at this moment."],
};

/** `weir explain`. */
export async function explain(flags: FlagValues): Promise<ExitCode> {
  const question = questionOf(flags);
  const explanation = flags["admin"] === undefined
    ? await explainOffline(question, flags)
    : await explainLive(question, flags);
  if (explanation === undefined) return EXIT.config;
  const isJson = flags["format"] === "json";
  printLine(isJson ? JSON.stringify(explanation, undefined, 2) : explanationText(explanation));
  return EXIT.ok;
}

function questionOf(flags: FlagValues): ExplainQuestion {
  const { url, header = [] } = flags;
  if (typeof url !== "string") {
    throw new UsageError("explain needs --url, like --url http://127.0.0.1:8080/path");
  }
  const headers = [header].flat().map(headerOf);
  const texts = ["method", "client", "listener"].flatMap((name) => {
    const value = flags[name];
    return typeof value === "string" ? [[name, value]] : [];
  });
  return { url, ...Object.fromEntries(texts), ...(headers.length === 0 ? {} : { headers }) };
}

function headerOf(text: unknown): readonly [string, string] {
  const match = /^([^:]+):\s*(.*)$/.exec(String(text));
  if (match?.[1] !== undefined && match[2] !== undefined) return [match[1], match[2]];
  throw new UsageError(`--header must be NAME:VALUE: current value is "${text}"`);
}

async function explainLive(question: ExplainQuestion, flags: FlagValues): Promise<Explanation> {
  const client = await AdminClient.fromFlags(flags);
  const body = question;
  // Both are of one version, or the answer is printed as far as it is understood.
  return await client.json({ method: "POST", path: "/api/v1/explain", body }) as Explanation;
}

async function explainOffline(
  question: ExplainQuestion,
  flags: FlagValues,
): Promise<Explanation | undefined> {
  const path = await findConfigFile(flags["config"] as string | undefined);
  const loaded = path === undefined ? undefined : await loadOrExplain(path);
  if (loaded === undefined) return undefined;
  try {
    return await offlineExplainer(loaded.config).explain(question);
  } catch (error) {
    if (error instanceof RequestError) throw new AdminError(error.message, EXIT.refused);
    throw error;
  }
}

/** Over a Weir that has just begun, with all backends well. */
function offlineExplainer(config: Config): Explainer {
  const shape = shapeOf(config);
  const table = SharedTable.create(shape);
  for (const { index } of placeBackends(config)) table.setUp(index, true);
  return new Explainer({
    config,
    table,
    limits: LimitTable.create(shape),
    guards: GuardTable.create(shape),
    overrides: new Overrides(),
    now: () => performance.now(),
    random: Math.random,
  });
}
