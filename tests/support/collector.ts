/** A span as OTLP has it in JSON. */
export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** 2: of a server, 3: of a client. */
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code: number };
  readonly attributes: readonly OtlpAttribute[];
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly intValue?: number;
    readonly doubleValue?: number;
  };
}

interface OtlpScope {
  readonly spans: readonly OtlpSpan[];
}

interface OtlpResource {
  readonly resource: { readonly attributes: readonly OtlpAttribute[] };
  readonly scopeSpans: readonly OtlpScope[];
}

/** Records what is sent to it over OTLP/HTTP in JSON. */
export class Collector implements AsyncDisposable {
  readonly spans: OtlpSpan[] = [];
  readonly services = new Set<unknown>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      async (request) => {
        if (new URL(request.url).pathname !== "/v1/traces") {
          return new Response("", { status: 404 });
        }
        const { resourceSpans } = await request.json() as { resourceSpans: OtlpResource[] };
        for (const { resource, scopeSpans } of resourceSpans) {
          this.services.add(valueOf(resource.attributes, "service.name"));
          this.spans.push(...scopeSpans.flatMap(({ spans }) => spans));
        }
        return Response.json({});
      },
    );
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** An attribute's value. */
export function attributeOf({ attributes }: OtlpSpan, key: string): unknown {
  return valueOf(attributes, key);
}

function valueOf(attributes: readonly OtlpAttribute[], key: string): unknown {
  const value = attributes.find((attribute) => attribute.key === key)?.value;
  return value?.stringValue ?? value?.intValue ?? value?.doubleValue;
}
