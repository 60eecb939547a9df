import type { ConfigDiff } from "../config/diff.ts";

/** Whether the threads take a configuration on, or others are started that may reach more. */
export type ReloadKind = "in_place" | "new_threads";

/** What came of an attempt to put another configuration in force. */
export type ChangeResult = Changed | NotChanged;

/** It is in force. */
export interface Changed {
  readonly ok: true;
  readonly how: ReloadKind;
  readonly changes: ConfigDiff;
  readonly warnings: readonly string[];
}

/** The configuration before is still in force. */
export interface NotChanged {
  readonly ok: false;
  /** `invalid`: the configuration is wrong; `conflict`: it cannot be put in force here and now. */
  readonly why: "invalid" | "conflict";
  /** One a line, each with its place where it has one. */
  readonly problems: readonly string[];
}
