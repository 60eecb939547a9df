import type { LogCategory } from "../core/log.ts";
import { section } from "./field.ts";
import { choice, outputFile } from "./values.ts";

/** Severities by name. */
function level() {
  return choice(["debug", "info", "warning", "error"], { aliases: { warn: "warning" } });
}

/** The level of one category. */
function levelOf(about: string) {
  return level().optional().describe(`Instead of \`log.level\` for ${about}.`);
}

const levels = section(
  {
    listener: levelOf("what clients are refused: limits, rates, failed accepts"),
    proxy: levelOf("connections and requests to backends"),
    health: levelOf("health checks, ejection and circuit breakers"),
    tls: levelOf("certificates and handshakes"),
    admin: levelOf("the admin interface and what operators change by it"),
    config: levelOf("reloads"),
    process: levelOf("start, stop, threads and all the rest"),
  } satisfies Record<LogCategory, unknown>,
);

/** The operational log. */
export const log = section({
  level: level().prefault("info").describe("Least severe record that is written."),
  levels: levels.prefault({}).describe("Levels of categories that have their own."),
  format: choice(["text", "json"]).prefault("text")
    .describe("Shape of a record: a line for people, or one JSON object per line."),
  file: outputFile().prefault(null)
    .describe("File that records are appended to; null means standard error."),
});
