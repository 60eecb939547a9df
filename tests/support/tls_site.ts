import { type PairPaths, TestAuthority } from "./certificates.ts";
import { startHttp } from "./http_scenario.ts";
import { TempFolder } from "./paths.ts";
import { type Finished, runToEnd } from "./process.ts";
import { Scenario, type ScenarioOptions, type Settings } from "./scenario.ts";

/** One listener that ends TLS. */
export interface TlsSiteOptions extends ScenarioOptions {
  readonly protocol: "http" | "tcp";
  /** Names of each certificate. */
  readonly names: readonly (readonly string[])[];
  /** Added to `tls`. */
  readonly tls?: Settings;
  readonly workers?: number;
}

/** Weir in front of the backends of a test, with certificates of its own. */
export class TlsSite implements AsyncDisposable {
  readonly scenario: Scenario;
  readonly authority: TestAuthority;
  readonly folder: string;
  /** In the order of the names. */
  readonly pairs: readonly PairPaths[];
  readonly #stack: AsyncDisposableStack;

  private constructor(
    parts: Pick<TlsSite, "scenario" | "authority" | "folder" | "pairs">,
    stack: AsyncDisposableStack,
  ) {
    this.scenario = parts.scenario;
    this.authority = parts.authority;
    this.folder = parts.folder;
    this.pairs = parts.pairs;
    this.#stack = stack;
  }

  static async start(options: TlsSiteOptions): Promise<TlsSite> {
    const { protocol, names, tls, listener, workers = 2 } = options;
    await using stack = new AsyncDisposableStack();
    const { path: folder } = stack.use(await TempFolder.create());
    const authority = await TestAuthority.create(folder);
    const pairs: PairPaths[] = [];
    for (const [index, list] of names.entries()) {
      pairs.push(await authority.issue(list, { file: `site${index}` }));
    }
    const section = { certificates: pairs, ...tls };
    const start = { ...options, listener: { ...listener, tls: section } };
    const scenario = stack.use(
      protocol === "http" ? await startHttp({ ...start, workers }) : await Scenario.start(start),
    );
    return new TlsSite({ scenario, authority, folder, pairs }, stack.move());
  }

  /** `https://name:port`, with what makes curl find it here. */
  curl(name: string, args: readonly string[] = [], path = "/"): Promise<Finished> {
    const [host = "", port = ""] = this.scenario.address.split(":");
    const place = ["--resolve", `${name}:${port}:${host}`, "--cacert", this.authority.caFile];
    const argv = ["curl", "-sS", ...place, ...args, `https://${name}:${port}${path}`];
    return runToEnd({ name: "curl", argv });
  }

  /** Runs `openssl s_client` with nothing on its input. */
  sClient(args: readonly string[]): Promise<Finished> {
    const place = ["-connect", this.scenario.address, "-CAfile", this.authority.caFile];
    return runToEnd({ name: "s_client", argv: ["openssl", "s_client", ...place, ...args] });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
  }
}
