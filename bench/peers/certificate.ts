import { SERVER_NAME, SNI_NAME } from "./plan.ts";

/** Files of the certificate that all who end TLS show: P-256, as most sites have. */
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

/**
 * Makes an authority, whose certificate is ca.pem in `directory`, and from it those files.
 *
 * @returns the authority's certificate as PEM
 * @throws {Error} without openssl
 */
export async function issueCertificate(directory: string): Promise<string> {
  const files = certificateFiles(directory);
  const ca = { cert: `${directory}/ca.pem`, key: `${directory}/ca.key` };
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const authority = ["-keyout", ca.key, "-out", ca.cert, "-subj", "/CN=weir bench"];
  await openssl(["req", "-x509", ...curve, ...authority]);
  const leaf = ["-keyout", files.key, "-out", files.cert, "-subj", `/CN=${SERVER_NAME}`];
  const names = `subjectAltName=DNS:${SERVER_NAME},DNS:${SNI_NAME}`;
  const extensions = [names, "basicConstraints=critical,CA:FALSE"];
  const added = extensions.flatMap((extension) => ["-addext", extension]);
  const issuer = ["-CA", ca.cert, "-CAkey", ca.key];
  await openssl(["req", "-x509", ...curve, ...leaf, ...issuer, ...added]);
  const texts = await Promise.all([files.cert, files.key].map((file) => Deno.readTextFile(file)));
  await Deno.writeTextFile(files.both, texts.join(""));
  return await Deno.readTextFile(ca.cert);
}

async function openssl(args: readonly string[]): Promise<void> {
  const command = new Deno.Command("openssl", { args: [...args], stdin: "null" });
  const { success, stderr } = await command.output();
  if (!success) throw new Error(`Cannot run openssl: ${new TextDecoder().decode(stderr)}`);
}
