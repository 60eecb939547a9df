import type { HeaderChanges } from "../config/types.ts";
import { formatHost } from "../core/address.ts";
import { FIELD } from "../http/field_names.ts";
import { createLine, type FieldLine, type FieldList } from "../http/fields.ts";
import { removeHopByHop } from "../http/hop_by_hop.ts";
import { formatHttpDate } from "../http/http_date.ts";
import type { RequestHead } from "../http/request_head.ts";
import type { ResponseHead } from "../http/response_head.ts";

/** Where a request came from. */
export interface ClientFacts {
  /** IP address; absent on a Unix socket. */
  readonly address: string | undefined;
  /** It may say itself where the request came from before. */
  readonly isTrusted: boolean;
  readonly scheme: "http" | "https";
}

/**
 * The fields that tell a backend where requests of one connection came from: RFC 7239, and the
 * X-Forwarded fields that came before it. Most of them are the same for every request.
 */
export class ForwardedFields {
  readonly #client: ClientFacts;
  readonly #node: string;
  readonly #for: FieldLine;
  readonly #proto: FieldLine;
  #authority: string | undefined;
  #host: FieldLine | undefined;
  #forwarded: FieldLine | undefined;

  constructor(client: ClientFacts) {
    const { address, scheme } = client;
    this.#client = client;
    this.#node = address === undefined ? "unknown" : formatHost(address);
    this.#for = createLine("X-Forwarded-For", address ?? "unknown");
    this.#proto = createLine("X-Forwarded-Proto", scheme);
  }

  /** Adds them to the fields of a request for `authority`. */
  addTo(fields: FieldList, authority: string): void {
    if (this.#client.isTrusted) return this.#extend(fields, authority);
    if (this.#authority !== authority) this.#setAuthority(authority);
    // What a stranger says of its past, and backends take for the word of their proxy.
    if (fields.hasId(FIELD.hearsay)) fields.deleteWhere(isHearsay);
    if (fields.hasId(FIELD.forwarded)) fields.delete("forwarded");
    fields.appendLine(this.#for);
    fields.appendLine(this.#proto);
    if (this.#host !== undefined) fields.appendLine(this.#host);
    if (this.#forwarded !== undefined) fields.appendLine(this.#forwarded);
  }

  #setAuthority(authority: string): void {
    this.#authority = authority;
    this.#host = authority === "" ? undefined : createLine("X-Forwarded-Host", authority);
    this.#forwarded = createLine("Forwarded", this.#element(authority));
  }

  /** A trusted proxy has told what came before it; this hop is added. */
  #extend(fields: FieldList, authority: string): void {
    const { address = "unknown", scheme } = this.#client;
    const before = fields.getAll("x-forwarded-for");
    fields.set("X-Forwarded-For", [...before, address].join(", "));
    if (!fields.has("x-forwarded-proto")) fields.append("X-Forwarded-Proto", scheme);
    if (authority !== "" && !fields.has("x-forwarded-host")) {
      fields.append("X-Forwarded-Host", authority);
    }
    const elements = fields.getAll("forwarded");
    fields.set("Forwarded", [...elements, this.#element(authority)].join(", "));
  }

  #element(authority: string): string {
    const quoted = this.#node.startsWith("[") ? `"${this.#node}"` : this.#node;
    const host = authority === "" ? "" : `;host="${authority}"`;
    return `for=${quoted}${host};proto=${this.#client.scheme}`;
  }
}

function isHearsay(fields: FieldList, index: number): boolean {
  return fields.idAt(index) === FIELD.hearsay;
}

/** What else goes into a forwarded request. */
export interface ForwardOptions {
  readonly forwarded: ForwardedFields;
  /** `Host` for a request of HTTP/1.0 that names none: many servers refuse an empty one. */
  readonly fallbackHost: string;
  readonly changes: HeaderChanges;
  /** Asked when the request brings none. */
  readonly nextRequestId: () => string;
  /** Protocols to switch to, when the request asks for one that Weir lets through. */
  readonly upgrade: string | undefined;
}

/**
 * Turns the fields of a request into those that go to the backend, in place: what ends at this hop
 * goes, where the request came from is added (RFC 7239, and the X-Forwarded fields that came before
 * it), then the route's changes.
 */
export function forwardRequestFields(head: RequestHead, options: ForwardOptions): void {
  const { fields, authority } = head;
  removeHopByHop(fields, head.connection);
  if (fields.hasId(FIELD.expect) && !head.expectContinue) fields.delete("expect");
  if (head.form === "absolute" || !fields.hasId(FIELD.host)) {
    fields.set("Host", authority === "" ? options.fallbackHost : authority);
  }
  options.forwarded.addTo(fields, authority);
  fields.appendLine(viaLine(head.version));
  if (!fields.hasId(FIELD.requestId)) fields.append("X-Request-Id", options.nextRequestId());
  applyChanges(fields, options.changes);
  if (options.upgrade === undefined) return;
  fields.append("Connection", "Upgrade");
  fields.append("Upgrade", options.upgrade);
}

/** Turns the fields of an answer into those that go to the client, in place. */
export function forwardResponseFields(head: ResponseHead, changes: HeaderChanges): void {
  const { fields } = head;
  removeHopByHop(fields, head.connection);
  fields.appendLine(viaLine(head.version));
  // RFC 9110 section 6.6.1: who forwards an answer without a date adds one.
  if (!fields.hasId(FIELD.date)) fields.append("Date", formatHttpDate(Date.now()));
  applyChanges(fields, changes);
}

/** The protocols that may be switched to, as they are sent on; absent when there are none. */
export function forwardableUpgrade(head: RequestHead): string | undefined {
  // h2c would let a client speak past every rule of this proxy on a connection to the backend.
  const names = head.upgrade?.filter((name) => !/^(h2c|tls|http)(\/|$)/.test(name));
  return names === undefined || names.length === 0 ? undefined : names.join(", ");
}

const VIA_11 = createLine("Via", "1.1 weir");
const VIA_10 = createLine("Via", "1.0 weir");

function viaLine(version: 10 | 11) {
  return version === 11 ? VIA_11 : VIA_10;
}

function applyChanges(fields: FieldList, { remove, set, add }: HeaderChanges): void {
  for (const name of remove) fields.delete(name);
  for (const [name, value] of set) fields.set(name, value);
  for (const [name, value] of add) fields.append(name, value);
}
