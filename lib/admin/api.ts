import { EditError } from "../config/edit.ts";
import { parseBackend } from "../config/parse_backend.ts";
import { nearest } from "../core/suggest.ts";
import { EXPOSITION_TYPE } from "../metrics/exposition.ts";
import type { Access } from "./access.ts";
import { DASHBOARD_ROUTES } from "./dashboard/routes.ts";
import type { ChangeResult, NotChanged } from "./change_result.ts";
import type { EventHub } from "./event_hub.ts";
import { parseQuestion } from "./explain_question.ts";
import { parseLevel, parseLogin, parseNothing, parsePatch, parsePlan } from "./read_fields.ts";
import { redact } from "./redact.ts";
import { redactYaml } from "./redact_yaml.ts";
import { json, RequestError, text } from "./respond.ts";
import type { AdminCall, AdminRoute } from "./router.ts";
import type { AdminTarget, UpstreamView } from "./target.ts";

/** Every route of the admin interface. */
export function adminRoutes(access: Access, events: EventHub): AdminRoute[] {
  return [
    ...DASHBOARD_ROUTES,
    { method: "GET", path: "/healthz", isOpen: true, handle: () => text(200, "alive") },
    {
      method: "GET",
      path: "/readyz",
      isOpen: true,
      handle: ({ target }) => target.isReady() ? text(200, "ready") : text(503, "not ready"),
    },
    {
      method: "POST",
      path: "/api/v1/login",
      isOpen: true,
      handle: (call) => login(call, access),
    },
    {
      method: "POST",
      path: "/api/v1/logout",
      isOpen: true,
      handle: () => withCookie(access.closeSession()),
    },
    {
      method: "GET",
      path: "/metrics",
      handle: ({ target }) =>
        new Response(target.metrics(), { headers: { "content-type": EXPOSITION_TYPE } }),
    },
    { method: "GET", path: "/api/v1/status", handle: ({ target }) => json(target.status()) },
    { method: "GET", path: "/api/v1/config", handle: getConfig },
    {
      method: "GET",
      path: "/api/v1/upstreams",
      handle: ({ target }) => json(target.status().upstreams),
    },
    {
      method: "GET",
      path: "/api/v1/upstreams/{upstream}/backends",
      handle: ({ target, params }) => json(upstreamOf(target, params["upstream"]).backends),
    },
    { method: "POST", path: "/api/v1/upstreams/{upstream}/backends", handle: addBackend },
    {
      method: "DELETE",
      path: "/api/v1/upstreams/{upstream}/backends/{backend}",
      handle: removeBackend,
    },
    {
      method: "PATCH",
      path: "/api/v1/upstreams/{upstream}/backends/{backend}",
      handle: patchBackend,
    },
    { method: "GET", path: "/api/v1/events", handle: (call) => subscribe(call, events) },
    { method: "PUT", path: "/api/v1/log", handle: putLogLevel },
    { method: "POST", path: "/api/v1/reload", handle: reload },
    { method: "POST", path: "/api/v1/plan", handle: plan },
    { method: "POST", path: "/api/v1/explain", handle: explain },
  ];
}

async function login({ body, peer }: AdminCall, access: Access): Promise<Response> {
  await access.checkToken(parseLogin(await body()), peer);
  return withCookie(await access.openSession());
}

function withCookie(cookie: string): Response {
  return new Response(null, { status: 204, headers: { "set-cookie": cookie } });
}

async function getConfig({ target, query }: AdminCall): Promise<Response> {
  switch (query.get("format") ?? "json") {
    case "json":
      return json(redact(target.config()));
    case "yaml":
      return new Response(await redactYaml(await fileText(target)), {
        headers: { "content-type": "application/yaml; charset=utf-8" },
      });
    case "changes": {
      const pending = await target.pending();
      return "problems" in pending ? answerChange(pending as NotChanged) : json(pending);
    }
  }
  throw new RequestError(400, '"format" must be json, yaml or changes');
}

async function fileText(target: AdminTarget): Promise<string> {
  try {
    return await target.configText();
  } catch (error) {
    if (error instanceof EditError) throw new RequestError(409, error.message);
    throw error;
  }
}

async function patchBackend({ target, params, body }: AdminCall): Promise<Response> {
  const patch = parsePatch(await body());
  const backend = backendOf(target, params);
  const { name } = upstreamOf(target, params["upstream"]);
  target.changeBackend(name, backend.id, patch);
  return json(backendOf(target, params));
}

async function reload({ target, body }: AdminCall): Promise<Response> {
  parseNothing(await body());
  return answerChange(await target.reload());
}

async function plan({ target, body }: AdminCall): Promise<Response> {
  const { name, yaml } = parsePlan(await body());
  const answer = await target.plan(name, yaml);
  return "problems" in answer ? answerChange(answer) : json(redact(answer));
}

/** 200 with what changed, or why nothing did. */
function answerChange(result: ChangeResult, status = 200): Response {
  if (result.ok) return json(redact(result), status);
  const { why, problems } = result;
  return json({ error: problems.join("\n"), problems }, why === "invalid" ? 422 : 409);
}

async function addBackend({ target, params, body }: AdminCall): Promise<Response> {
  const { name } = upstreamOf(target, params["upstream"]);
  const read = parseBackend(await body());
  if (!read.ok) return answerChange({ ...read, why: "invalid" });
  return answerChange(await target.addBackend(name, read.backend), 201);
}

async function removeBackend({ target, params }: AdminCall): Promise<Response> {
  const { name } = upstreamOf(target, params["upstream"]);
  return answerChange(await target.removeBackend(name, backendOf(target, params).id));
}

async function putLogLevel({ target, body }: AdminCall): Promise<Response> {
  const level = parseLevel(await body());
  target.setLogLevel(level);
  return json({ level });
}

async function explain({ target, body }: AdminCall): Promise<Response> {
  return json(await target.explain(parseQuestion(await body())));
}

function subscribe({ request, query }: AdminCall, events: EventHub): Response {
  const since = request.headers.get("last-event-id") ?? query.get("since") ?? undefined;
  if (since !== undefined && !/^\d{1,15}$/.test(since)) {
    throw new RequestError(400, '"since" must be the number of an event');
  }
  const stream = events.subscribe({
    withStats: query.get("stats") !== "0",
    ...(since === undefined ? {} : { since: Number(since) }),
  });
  if (stream === undefined) {
    throw new RequestError(503, "Too many listen to events", { "retry-after": "5" });
  }
  return new Response(stream, { headers: { "content-type": "text/event-stream" } });
}

function upstreamOf(target: AdminTarget, name = ""): UpstreamView {
  const { upstreams } = target.status();
  const found = upstreams.find((upstream) => upstream.name === name);
  if (found !== undefined) return found;
  throw notFound("upstream", name, upstreams.map(({ name }) => name));
}

function backendOf(
  target: AdminTarget,
  { upstream, backend: id = "" }: AdminCall["params"],
): { readonly id: string } {
  const { backends } = upstreamOf(target, upstream);
  const found = backends.find((backend) => backend.id === id);
  if (found !== undefined) return found;
  throw notFound("backend", id, backends.map(({ id }) => id));
}

function notFound(noun: string, name: string, known: readonly string[]): RequestError {
  const meant = nearest(name, known);
  const hint = meant === undefined ? "" : `: did you mean "${meant}"?`;
  return new RequestError(404, `There is no ${noun} "${name.slice(0, 128)}"${hint}`);
}
