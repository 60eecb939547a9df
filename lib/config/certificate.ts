import type { X509Certificate } from "node:crypto";
import { messageOf } from "../core/errors.ts";
import type { ServerCertificate } from "../core/server_certificate.ts";

/** The text of a certificate's two files. */
export interface PairText {
  readonly cert: string;
  readonly key: string;
  /** Instead of those in the certificate. */
  readonly names?: readonly string[] | undefined;
}

/** A certificate that can be used, and what is in it. */
export interface CertificatePair {
  readonly certificate: ServerCertificate;
  /** Names in the certificate itself, in lower case; addresses as text. */
  readonly ownNames: readonly string[];
  /** Milliseconds since 1970. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** What reading a pair came to. */
export type PairRead =
  | { readonly ok: true; readonly pair: CertificatePair }
  | PairProblem;

/** Why a pair cannot be used, and which of its files is at fault. */
export interface PairProblem {
  readonly ok: false;
  readonly at: "cert" | "key";
  /** What is wrong, to follow a path or the name of a file. */
  readonly message: string;
}

/** Reads a certificate with its key, and checks that the two belong together. Never rejects. */
export async function readPair({ cert, key, names }: PairText): Promise<PairRead> {
  // Loaded only here: who has no certificate is spared its time and memory.
  const crypto = await import("node:crypto");
  try {
    const chain = readChain(cert, crypto.X509Certificate);
    const [leaf] = chain;
    const secret = readKey(key, crypto.createPrivateKey);
    if (!leaf.checkPrivateKey(secret)) throw keyMismatch(chain, secret);
    const ownNames = namesOf(leaf);
    return {
      ok: true,
      pair: {
        certificate: {
          names: names ?? ownNames,
          cert: certBlocks(cert).join("\n") + "\n",
          key: String(secret.export({ type: "pkcs8", format: "pem" })),
        },
        ownNames,
        notBeforeMs: Date.parse(leaf.validFrom),
        notAfterMs: Date.parse(leaf.validTo),
      },
    };
  } catch (error) {
    if (error instanceof Problem) return { ok: false, at: error.at, message: error.message };
    return { ok: false, at: "cert", message: `cannot be used: ${messageOf(error)}` };
  }
}

class Problem extends Error {
  override readonly name = "Problem";
  readonly at: "cert" | "key";

  constructor(at: "cert" | "key", message: string) {
    super(message);
    this.at = at;
  }
}

type Chain = [X509Certificate, ...X509Certificate[]];
type NodeCrypto = typeof import("node:crypto");
type KeyObject = ReturnType<NodeCrypto["createPrivateKey"]>;

const CERT_BLOCK = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
const KEY_BLOCK = /-----BEGIN ((?:RSA |EC |ENCRYPTED )?PRIVATE KEY)-----([^-]*)-----END \1-----/;

function certBlocks(text: string): string[] {
  return text.match(CERT_BLOCK) ?? [];
}

function readChain(text: string, Certificate: NodeCrypto["X509Certificate"]): Chain {
  const [first, ...rest] = certBlocks(text).map((block, index) => {
    try {
      return new Certificate(block);
    } catch {
      throw new Problem("cert", `holds no certificate that can be read in block ${index + 1}`);
    }
  });
  if (first !== undefined) return [first, ...rest];
  const hint = KEY_BLOCK.test(text) ? ": it holds a private key" : "";
  throw new Problem("cert", `must hold a certificate in PEM (BEGIN CERTIFICATE)${hint}`);
}

function readKey(text: string, createPrivateKey: NodeCrypto["createPrivateKey"]): KeyObject {
  const [block, kind = "", body = ""] = KEY_BLOCK.exec(text) ?? [];
  if (block === undefined) {
    const hint = certBlocks(text).length > 0 ? ": it holds a certificate" : "";
    throw new Problem("key", `must hold a private key in PEM (BEGIN PRIVATE KEY)${hint}`);
  }
  // RFC 1421 section 4.6.1.1 for the older two kinds.
  if (kind.startsWith("ENCRYPTED") || body.includes("ENCRYPTED")) {
    throw new Problem("key", "must not be encrypted: decrypt it with openssl pkey");
  }
  let key: KeyObject;
  try {
    key = createPrivateKey(block);
  } catch {
    throw new Problem("key", "holds no private key that can be read");
  }
  const fault = unusableKey(key);
  if (fault !== undefined) throw new Problem("key", fault);
  return key;
}

/** What the TLS of the runtime takes, and nothing else. */
function unusableKey({ asymmetricKeyType: type, asymmetricKeyDetails }: KeyObject) {
  const { modulusLength = 0, namedCurve = "" } = asymmetricKeyDetails ?? {};
  if (type === "rsa" && modulusLength < 2048) {
    return `must have 2048 bits or more: it has ${modulusLength}`;
  }
  if (type === "ec" && !["prime256v1", "secp384r1", "secp521r1"].includes(namedCurve)) {
    return `must be on the curve P-256, P-384 or P-521: it is on ${namedCurve}`;
  }
  if (type === "rsa" || type === "ec" || type === "ed25519") return undefined;
  return `must be RSA, ECDSA or Ed25519: it is ${type}`;
}

function keyMismatch(chain: Chain, key: KeyObject): Problem {
  const place = chain.findIndex((certificate) => certificate.checkPrivateKey(key));
  if (place < 0) return new Problem("key", "does not belong to the certificate");
  return new Problem(
    "cert",
    `must begin with the certificate of the key: it is number ${place + 1}`,
  );
}

/** The names that clients compare (RFC 9525 section 6.3); the subject only where there are none. */
function namesOf({ subjectAltName, subject }: X509Certificate): string[] {
  const entries = (subjectAltName ?? "").split(", ").flatMap((entry) => {
    const match = /^(?:DNS|IP Address):(.+)$/.exec(entry);
    return match?.[1] === undefined ? [] : [match[1].toLowerCase()];
  });
  if (entries.length > 0) return [...new Set(entries)];
  const [, common] = /^CN=(.+)$/m.exec(subject) ?? [];
  return common === undefined ? [] : [common.toLowerCase()];
}
