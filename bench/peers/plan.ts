/** HAProxy needs two descriptors a connection; 20,000 may be open. */
export const MAX_CONNECTIONS = 8000;

/** Where a subject finds its configuration. */
export interface Files {
  readonly directory: string;
  readonly config: string;
}

/** What a configuration is made of. */
export interface Plan extends Files {
  readonly port: number;
  readonly backends: readonly number[];
  readonly threads: number;
}

/** The part of Weir's configuration that does not depend on the protocol. */
export function weirUpstream({ backends }: Plan): string {
  const list = backends.map((backend) => `{ address: "127.0.0.1:${backend}" }`).join(", ");
  return `
upstreams:
  app:
    algorithm: round_robin
    backends: [${list}]
    health_check: { type: none }
`;
}
