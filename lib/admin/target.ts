import type { Config } from "../config/types.ts";
import type { NewBackend } from "../config/overlay.ts";
import type { LogLevel } from "../core/log.ts";
import type { BackendState } from "../core/types.ts";
import type { ChangeResult, NotChanged } from "./change_result.ts";
import type { ExplainQuestion } from "./explain_question.ts";

/** What the admin interface reads of the status; all of it is handed on as it is. */
export interface StatusView {
  readonly upstreams: readonly UpstreamView[];
}

/** One upstream of the status. */
export interface UpstreamView {
  readonly name: string;
  readonly backends: readonly { readonly id: string }[];
}

/** What is to be changed of a backend; what is absent stays as it is. */
export interface BackendPatch {
  /** 0 to 65535. */
  readonly weight?: number;
  readonly state?: BackendState;
}

/** The running Weir, as the admin interface sees it. */
export interface AdminTarget {
  /** Every listener is open and no drain has begun. */
  readonly isReady: () => boolean;
  readonly status: () => StatusView;
  /** The page for Prometheus. */
  readonly metrics: () => string;
  /** What it runs on; secrets are taken out on the way. */
  readonly config: () => Config;
  /** False when there is none such. */
  readonly changeBackend: (upstream: string, backend: string, patch: BackendPatch) => boolean;
  /** Reads the configuration again and puts it in force, or says why not. */
  readonly reload: () => Promise<ChangeResult>;
  /** What a reload would do if the file said this; the name stands in problems. */
  readonly plan: (name: string, text: string) => Promise<object | NotChanged>;
  /** What was changed at run time and is not in the file. */
  readonly pending: () => Promise<object | NotChanged>;
  /** The file as it would say what is in force. @throws {EditError} when it cannot */
  readonly configText: () => Promise<string>;
  /** Adds a backend to an upstream, beside the file. */
  readonly addBackend: (upstream: string, backend: NewBackend) => Promise<ChangeResult>;
  /** Removes a backend; what is open may end. */
  readonly removeBackend: (upstream: string, backend: string) => Promise<ChangeResult>;
  readonly setLogLevel: (level: LogLevel) => void;
  /** Says as plain data where a request would go, and why. @throws {RequestError} */
  readonly explain: (question: ExplainQuestion) => Promise<unknown>;
}
