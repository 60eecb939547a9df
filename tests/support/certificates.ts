import { runToEnd } from "./process.ts";

/** What a certificate is to be like. */
export interface LeafOptions {
  /** Days from now until it ends; below zero: it has ended. @default 30 */
  readonly days?: number;
  /** Base of the two file names. @default the first name */
  readonly file?: string;
}

/** Paths of a certificate and its key. */
export interface PairPaths {
  readonly cert: string;
  readonly key: string;
}

/** An authority whose certificates are files of one folder, made by openssl. */
export class TestAuthority {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Certificate of the authority, for clients that are to trust it. */
  get caFile(): string {
    return `${this.#folder}/ca.pem`;
  }

  static async create(folder: string): Promise<TestAuthority> {
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const files = ["-keyout", `${folder}/ca.key`, "-out", `${folder}/ca.pem`];
    await openssl(["req", "-x509", ...key, ...files, "-days", "30", "-subj", "/CN=weir test ca"]);
    return new TestAuthority(folder);
  }

  /** Issues a certificate for these names, with a new P-256 key. */
  async issue(names: readonly string[], options: LeafOptions = {}): Promise<PairPaths> {
    const [first = "localhost"] = names;
    const { days = 30, file = first.replace("*", "_") } = options;
    const base = `${this.#folder}/${file}`;
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const request = ["-keyout", `${base}.key`, "-out", `${base}.csr`, "-subj", `/CN=${first}`];
    await openssl(["req", "-new", ...key, ...request]);
    // A leaf must not be an authority itself: some clients refuse that.
    const names3 = names.map((name) => /^[\d.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`);
    const extensions = `basicConstraints=CA:FALSE\nsubjectAltName=${names3.join(",")}\n`;
    await Deno.writeTextFile(`${base}.ext`, extensions);
    const ca = ["-CA", this.caFile, "-CAkey", `${this.#folder}/ca.key`, "-CAcreateserial"];
    const output = ["-out", `${base}.pem`, "-days", String(days), "-extfile", `${base}.ext`];
    await openssl(["x509", "-req", "-in", `${base}.csr`, ...ca, ...output]);
    return { cert: `${base}.pem`, key: `${base}.key` };
  }
}

async function openssl(args: readonly string[]): Promise<void> {
  const { code, stderr } = await runToEnd({ name: "openssl", argv: ["openssl", ...args] });
  if (code !== 0) throw new Error(`Cannot run openssl ${args[0]}: ${stderr}`);
}
