import { SERVER_NAME, SNI_NAME } from "./plan.ts";

/**
 * Makes an authority and, from it, a certificate for the backends, in `directory`: ca.pem,
 * backend.pem and backend.key.
 *
 * @returns the authority's certificate as PEM
 * @throws {Error} without openssl
 */
export async function issueCertificate(directory: string): Promise<string> {
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const authority = ["-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=weir bench"];
  await openssl(directory, ["req", "-x509", ...curve, ...authority]);
  const leaf = ["-keyout", "backend.key", "-out", "backend.pem", "-subj", `/CN=${SERVER_NAME}`];
  const issuer = ["-CA", "ca.pem", "-CAkey", "ca.key"];
  const names = `subjectAltName=DNS:${SERVER_NAME},DNS:${SNI_NAME}`;
  const extensions = [names, "basicConstraints=critical,CA:FALSE"];
  const added = extensions.flatMap((extension) => ["-addext", extension]);
  await openssl(directory, ["req", "-x509", ...curve, ...leaf, ...issuer, ...added]);
  return await Deno.readTextFile(`${directory}/ca.pem`);
}

async function openssl(cwd: string, args: readonly string[]): Promise<void> {
  const command = new Deno.Command("openssl", { args: [...args], cwd, stdin: "null" });
  const { success, stderr } = await command.output();
  if (!success) throw new Error(`Cannot run openssl: ${new TextDecoder().decode(stderr)}`);
}
