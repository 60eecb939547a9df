import { randomLoopback } from "./free_port.ts";
import { TempFolder } from "./paths.ts";
import { runToEnd } from "./process.ts";

/** HTTPS servers that answer every request with their name, all with one certificate. */
export class TlsBackends implements AsyncDisposable {
  readonly #servers: Deno.HttpServer<Deno.NetAddr>[];
  readonly #folder: TempFolder;
  /** Of each, in order, as it stands in a configuration. */
  readonly addresses: readonly string[];
  /** Path of the certificate. */
  readonly certPath: string;

  private constructor(
    servers: Deno.HttpServer<Deno.NetAddr>[],
    folder: TempFolder,
    certPath: string,
  ) {
    this.#servers = servers;
    this.#folder = folder;
    this.certPath = certPath;
    this.addresses = servers.map(({ addr }) => `${addr.hostname}:${addr.port}`);
  }

  /** @param openssl path of the program, which makes a certificate for `*.example.com` */
  static async start(openssl: string, names: readonly string[]): Promise<TlsBackends> {
    const folder = await TempFolder.create();
    const certPath = `${folder.path}/cert.pem`;
    const keyPath = `${folder.path}/key.pem`;
    const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
    const { code, stderr } = await runToEnd({
      name: "openssl",
      argv: [
        openssl,
        ...request.split(" "),
        ...["-keyout", keyPath, "-out", certPath, "-subj", "/CN=example.com"],
        ...["-addext", "basicConstraints=critical,CA:FALSE"],
        ...["-addext", "subjectAltName=DNS:example.com,DNS:*.example.com,DNS:*.a.example.com"],
      ],
    });
    if (code !== 0) throw new Error(`Cannot make a certificate: ${stderr}`);
    const [cert, key] = await Promise.all([certPath, keyPath].map((p) => Deno.readTextFile(p)));
    const servers = names.map((name) => {
      const hostname = randomLoopback();
      const options = { hostname, port: 0, cert: cert ?? "", key: key ?? "", onListen: () => {} };
      return Deno.serve(options, () => new Response(name));
    });
    return new TlsBackends(servers, folder, certPath);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.shutdown()));
    await this.#folder[Symbol.asyncDispose]();
  }
}
