import { TestAuthority } from "./certificates.ts";
import { randomLoopback } from "./free_port.ts";
import { TempFolder } from "./paths.ts";

/** HTTPS servers that answer every request with their name, all with one certificate. */
export class TlsBackends implements AsyncDisposable {
  readonly #servers: Deno.HttpServer<Deno.NetAddr>[];
  readonly #folder: TempFolder;
  /** Of each, in order, as it stands in a configuration. */
  readonly addresses: readonly string[];
  /** Certificate of the authority, for clients that are to trust it. */
  readonly caFile: string;

  private constructor(
    servers: Deno.HttpServer<Deno.NetAddr>[],
    folder: TempFolder,
    caFile: string,
  ) {
    this.#servers = servers;
    this.#folder = folder;
    this.caFile = caFile;
    this.addresses = servers.map(({ addr }) => `${addr.hostname}:${addr.port}`);
  }

  /** Their certificate is for `example.com`, `*.example.com` and `*.a.example.com`. */
  static async start(names: readonly string[]): Promise<TlsBackends> {
    const folder = await TempFolder.create();
    const authority = await TestAuthority.create(folder.path);
    const site = ["example.com", "*.example.com", "*.a.example.com"];
    const pair = await authority.issue(site);
    const [cert, key] = await Promise.all([pair.cert, pair.key].map((p) => Deno.readTextFile(p)));
    const servers = names.map((name) => {
      const hostname = randomLoopback();
      const options = { hostname, port: 0, cert: cert ?? "", key: key ?? "", onListen: () => {} };
      return Deno.serve(options, () => new Response(name));
    });
    return new TlsBackends(servers, folder, authority.caFile);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.shutdown()));
    await this.#folder[Symbol.asyncDispose]();
  }
}
