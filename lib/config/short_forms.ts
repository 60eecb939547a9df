import { formatHost } from "../core/address.ts";
import { balancerSchema, fullSchema, loadbalancerSchema } from "./schema.ts";
import { isRecord } from "./substitute.ts";

/** A document of plain data, as it stands in a file. */
export type PlainDocument = Readonly<Record<string, unknown>>;

/** Name of the upstream that a short form expands to. */
const UPSTREAM_NAME = "app";

/** One way of writing a configuration. */
export interface ShortForm {
  /** The key that tells it from the other forms. */
  readonly key: "loadbalancer" | "balancer";
  readonly schema: typeof loadbalancerSchema | typeof balancerSchema;
  /** The key of a backend that holds its host. */
  readonly hostKey: "address" | "host";
  /** The full form of a document that `schema` accepts. */
  readonly expand: (document: PlainDocument) => PlainDocument;
}

const FORMS: readonly ShortForm[] = [
  {
    key: "loadbalancer",
    schema: loadbalancerSchema,
    hostKey: "address",
    expand: expandLoadbalancer,
  },
  {
    key: "balancer",
    schema: balancerSchema,
    hostKey: "host",
    expand: expandBalancer,
  },
];

/** The short form that a document is written in, or `undefined` for the full form. */
export function shortFormOf(document: PlainDocument): ShortForm | undefined {
  const named = FORMS.find((form) => Object.hasOwn(document, form.key));
  if (named !== undefined) return named;
  const keys = Object.keys(document);
  // Without its first section a short form is still told by what only it has.
  if (keys.some((key) => Object.hasOwn(fullSchema.shape, key))) return undefined;
  return FORMS.find((form) => {
    return keys.length > 0 && keys.every((key) => Object.hasOwn(form.schema.shape, key));
  });
}

/** The keys of other forms in a document of short form `form`. */
export function foreignKeys(form: ShortForm, document: PlainDocument): string[] {
  const others = [fullSchema, ...FORMS.map((other) => other.schema)];
  return Object.keys(document).filter((key) => {
    return !Object.hasOwn(form.schema.shape, key) &&
      others.some((schema) => Object.hasOwn(schema.shape, key));
  });
}

/** `HOST:PORT` of a backend in short form, or `undefined` when it has no such parts. */
export function shortAddress(form: ShortForm, backend: unknown): string | undefined {
  if (!isRecord(backend)) return undefined;
  const host = backend[form.hostKey];
  const port = Number(backend["port"]);
  if (typeof host !== "string" || !Number.isInteger(port)) return undefined;
  return `${host.startsWith("[") ? host : formatHost(host)}:${port}`;
}

function expandLoadbalancer(document: PlainDocument): PlainDocument {
  const { listen_address, algorithm } = sectionOf(document, "loadbalancer");
  const upstream = {
    ...(algorithm === undefined ? {} : { algorithm }),
    backends: expandBackends("loadbalancer", document),
    ...(document["healthcheck"] === undefined ? {} : { health_check: document["healthcheck"] }),
  };
  return assemble({ address: listen_address, protocol: "tcp" }, upstream);
}

function expandBalancer(document: PlainDocument): PlainDocument {
  const balancer = sectionOf(document, "balancer");
  const { port, health_check_interval: interval, failure_threshold: threshold } = balancer;
  const healthCheck = {
    ...(interval === undefined ? {} : { interval }),
    ...(threshold === undefined ? {} : { detector: "phi_accrual", phi_threshold: threshold }),
  };
  const upstream = {
    algorithm: "consistent_hash",
    backends: expandBackends("balancer", document),
    ...(Object.keys(healthCheck).length === 0 ? {} : { health_check: healthCheck }),
    ...(document["pool"] === undefined ? {} : { pool: document["pool"] }),
  };
  return assemble({ address: `:${Number(port)}`, protocol: "http" }, upstream);
}

function assemble(listener: PlainDocument, upstream: PlainDocument): PlainDocument {
  return {
    listeners: [{ ...listener, upstream: UPSTREAM_NAME }],
    upstreams: { [UPSTREAM_NAME]: upstream },
  };
}

function expandBackends(key: ShortForm["key"], document: PlainDocument): PlainDocument[] {
  const form = FORMS.find((candidate) => candidate.key === key);
  const backends = document["backends"];
  if (form === undefined || !Array.isArray(backends)) return [];
  return backends.filter(isRecord).map((backend) => {
    const address = shortAddress(form, backend);
    const weight = backend["weight"];
    return weight === undefined ? { address } : { address, weight };
  });
}

function sectionOf(document: PlainDocument, key: string): PlainDocument {
  const value = document[key];
  return isRecord(value) ? value : {};
}
