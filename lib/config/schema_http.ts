import { list, mapping, section } from "./field.ts";
import {
  bodyText,
  cookieName,
  fieldName,
  fieldValue,
  hostPattern,
  location,
  matchPath,
  method,
  percentage,
  prefixPath,
  queryValue,
  redirectStatus,
  regex,
  secret,
  size,
  TOKEN_SCHEMA,
} from "./http_values.ts";
import { accessSettings } from "./schema_access.ts";
import { rateLimit } from "./schema_rate.ts";
import { choice, duration, name, NAME_SCHEMA, wholeNumber } from "./values.ts";

/** Settings of `limits` that only HTTP listeners have. */
export const httpLimits = {
  header_bytes: size(1024, 1024 * 1024).prefault("32KiB")
    .describe("Longest head of a request. HTTP only."),
  header_count: wholeNumber(1, 10_000).prefault(100)
    .describe("Most header fields of a request. HTTP only."),
  body_bytes: size(0, 1024 ** 4).prefault(0)
    .describe("Largest body of a request; 0 is no limit. HTTP only."),
};

/** Settings of `timeouts` that only HTTP listeners have. */
export const httpTimeouts = {
  header: duration({ from: "above zero" }).prefault("10s")
    .describe(
      "Longest wait for a whole head, from the start of the connection or the first byte of a later request. HTTP only.",
    ),
  body: duration({ from: "above zero" }).prefault("30s").describe(
    "Longest wait for more of a request's body, or for a client to take more. HTTP only.",
  ),
};

const anyKey = { type: "string", minLength: 1 } as const;

const match = section({
  host: hostPattern().optional()
    .describe("Host of the request, port aside; `*.example.com` is every name below example.com."),
  path: matchPath().optional().describe("The whole path, without the query."),
  path_prefix: matchPath().optional()
    .describe("First segments of the path: `/v1` is `/v1` and `/v1/x`, but not `/v1x`."),
  path_regex: regex().optional()
    .describe("JavaScript regular expression that must match somewhere in the path."),
  methods: list(method()).min(1, { error: "must have at least one method: current value is []" })
    .optional().describe("Any of these methods."),
  headers: mapping(fieldValue(), TOKEN_SCHEMA, "text").optional()
    .describe("Header fields by name, with the exact value; `*` is any value."),
  query: mapping(queryValue(), anyKey, "text").optional()
    .describe("Query parameters by name, with the exact decoded value; `*` is any value."),
});

const headerChanges = (whose: string) =>
  section({
    set: mapping(fieldValue(), TOKEN_SCHEMA, "text").prefault({})
      .describe(`Fields of the ${whose} that are set, in place of any that are there.`),
    add: mapping(fieldValue(), TOKEN_SCHEMA, "text").prefault({})
      .describe(`Fields that are added to the ${whose}.`),
    remove: list(fieldName()).prefault([])
      .describe(`Fields that are removed from the ${whose}, before the others are set.`),
  }).prefault({});

const redirect = section({
  status: redirectStatus().prefault(308).describe("Status of the redirect."),
  location: location().describe("Where the client is sent to."),
});

const respond = section({
  status: wholeNumber(200, 599).prefault(200).describe("Status of the answer."),
  body: bodyText().prefault("").describe("Content of the answer."),
  content_type: fieldValue().prefault("text/plain; charset=utf-8")
    .describe("Type of the content."),
});

const rewrite = section({
  strip_prefix: matchPath().optional()
    .describe("Taken off the start of the path, by whole segments."),
  add_prefix: prefixPath().optional().describe("Put in front of what is left."),
});

/** One route of an HTTP listener. */
export const route = section({
  match: match.prefault({}).describe("Which requests: all that is given has to hold."),
  upstream: name().optional().describe("Name of the upstream that requests go to."),
  split: mapping(wholeNumber(0, 65_535), NAME_SCHEMA, "weights").optional()
    .describe("Upstreams by name, with their share of the requests."),
  redirect: redirect.optional().describe("Sends the client elsewhere."),
  respond: respond.optional().describe("Answers by itself."),
  rewrite: rewrite.optional().describe("How the path changes on its way."),
  request_headers: headerChanges("request").describe("Changes to requests."),
  response_headers: headerChanges("answer").describe("Changes to answers."),
  timeout: duration({ from: "above zero" }).optional()
    .describe("Longest wait for the head of the answer, over all attempts."),
  rate_limit: rateLimit.optional()
    .describe("How much one client may ask for, beside the limit of the listener."),
  ...accessSettings,
});

const CONDITIONS = ["connect", "reset", "timeout", "status_502", "status_503", "status_504"];

/** When another backend is tried. */
export const retry = section({
  attempts: wholeNumber(0, 100).prefault(2)
    .describe("Further backends tried when one fails."),
  on: list(choice(["connect", "reset", "timeout", "status_502", "status_503", "status_504"]))
    .prefault(CONDITIONS)
    .describe("Failures after which that is done. TCP listeners know `connect` alone."),
  budget: percentage().prefault("20%")
    .describe("Most retries as a share of requests, beside ten a second. HTTP only."),
});

/** Idle connections kept where the configuration does not say. */
export const DEFAULT_MAX_IDLE = 100;

/** Settings of `pool` that the second short form has too. */
export const shortPool = {
  max_idle: wholeNumber(0, 1_000_000).prefault(DEFAULT_MAX_IDLE)
    .describe("Idle connections kept per backend and thread. TCP keeps those of `warm` alone."),
  max_active: wholeNumber(1, 1_000_000).prefault(1000)
    .describe("Most connections per backend, over all threads. HTTP only."),
  idle_timeout: duration({ from: "above zero" }).prefault("60s")
    .describe("An idle connection is closed after this."),
};

/** Connections to the backends of one upstream. */
export const pool = section({
  ...shortPool,
  max_lifetime: duration({ from: "above zero" }).prefault("1h")
    .describe("A connection older than this is not taken from the pool."),
  warm: wholeNumber(0, 10_000).prefault(0)
    .describe(
      "Unused connections kept open ahead of need, per backend and thread, up to `max_idle`.",
    ),
});

/** How a client's requests stay on one backend. */
export const sticky = section({
  cookie: cookieName().prefault(null)
    .describe("Name of the cookie that keeps a client on its backend; null is none. HTTP only."),
  ttl: duration({ from: "above zero" }).prefault("1h")
    .describe("How long a client keeps the cookie."),
  secret: secret().optional().describe(
    "Signs the cookie; without one it is random, and cookies end with the process.",
  ),
});
