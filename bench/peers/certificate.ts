/** Files of the certificate that all subjects show: P-256, as most sites have. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
  /** Certificate and key in one file, as HAProxy wants it. */
  readonly both: string;
}

/** Where they are. */
export function certificateFiles(directory: string): CertificateFiles {
  const base = `${directory}/site`;
  return { cert: `${base}.pem`, key: `${base}.key`, both: `${base}.both` };
}

/** Makes them, once. */
export async function makeCertificate(directory: string): Promise<CertificateFiles> {
  const files = certificateFiles(directory);
  if (await Deno.stat(files.both).then(() => true, () => false)) return files;
  const args = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 9 " +
    "-subj /CN=localhost -addext subjectAltName=DNS:localhost " +
    "-addext basicConstraints=critical,CA:FALSE -keyout";
  const command = new Deno.Command("openssl", {
    args: [...args.split(" "), files.key, "-out", files.cert],
    stdin: "null",
  });
  const { success, stderr } = await command.output();
  if (!success) throw new Error(`Cannot run openssl: ${new TextDecoder().decode(stderr)}`);
  const texts = await Promise.all([files.cert, files.key].map((file) => Deno.readTextFile(file)));
  await Deno.writeTextFile(files.both, texts.join(""));
  return files;
}
